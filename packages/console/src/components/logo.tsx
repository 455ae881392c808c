/**
 * The logo.
 *
 * @module
 */

/** The gavel and the name. */
export function Logo() {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" class="logo-ground" />
        <g transform="rotate(-40 16 14)" class="logo-gavel">
          <rect x="10" y="7" width="12" height="9" rx="1" />
          <rect x="7" y="5.5" width="3" height="12" rx="1.2" />
          <rect x="22" y="5.5" width="3" height="12" rx="1.2" />
          <rect x="14.7" y="16" width="2.6" height="11" rx="1.3" />
        </g>
        <rect x="6" y="25" width="11" height="2.6" rx="1.3" class="logo-gavel" />
      </svg>
      <span class="logo-name">Gavel</span>
    </span>
  );
}
