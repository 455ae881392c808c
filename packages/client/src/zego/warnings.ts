/**
 * Warnings about options that have no effect here.
 *
 * @module
 */

let isOn = true;

/** Turns the warnings of this page off or on. */
export function setWarnings(on: boolean): void {
  isOn = on;
}

/** Prints a warning. */
export function warn(text: string): void {
  if (isOn) console.warn(`[gavel] ${text}`);
}

const warned = new Set<string>();

/** Prints a warning, each text once per page. */
export function warnOnce(text: string): void {
  if (warned.has(text)) return;
  warned.add(text);
  warn(text);
}

/** Warns of each option that is set and not supported. Options that are false, 0 or empty ask for nothing. */
export function warnUnsupported(call: string, options: object, supported: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value && !supported.includes(name)) warnOnce(`${call}: the option ${name} is not supported and has no effect`);
  }
}
