/**
 * A secret that the user copies.
 *
 * @module
 */

import { CopyButton } from '../../components/copy-button.tsx';

/** A secret that can be copied. */
export function Secret({ label, value, name }: { label: string; value: string; name: string }) {
  return (
    <div class="field">
      <p class="secondary">{label}</p>
      <p class="secret">
        <code data-testid={`secret-${name}`}>{value}</code>
        <CopyButton text={() => value} testId={`copy-${name}`} />
      </p>
    </div>
  );
}
