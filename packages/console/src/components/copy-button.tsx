/**
 * A button that copies a text.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { copyText } from '../clipboard.ts';
import { Icon } from './icons.tsx';

/** A button that copies a text, which is computed on click, and shows that it was copied. */
export function CopyButton({ text, testId }: { text: () => string; testId: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(''), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await copyText(text())) ? 'Copied' : 'Not copied');
  return (
    <button type="button" class="button small" data-testid={testId} onClick={() => void copy()}>
      <Icon name="copy" />
      <span aria-live="polite">{said || 'Copy'}</span>
    </button>
  );
}
