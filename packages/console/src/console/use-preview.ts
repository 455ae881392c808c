/**
 * The preview of an act: what the server answers to a dry run.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { describeError } from './api/admin-client.ts';

/** What an act would do. */
export interface Preview {
  /** One sentence, such as `2 people will be removed.` */
  readonly summary: string;
  /** Whom and what it concerns, a line each. */
  readonly lines: readonly string[];
}

/** What is known of an act. */
export type PreviewState =
  | { readonly state: 'loading' }
  | { readonly state: 'known'; readonly preview: Preview }
  /** The server refuses the act itself. */
  | { readonly state: 'refused'; readonly error: string };

/** How long the parameters have to stay the same before the server is asked, in milliseconds: each question has an audit row. */
const PAUSE_MS = 300;

/** Asks for the preview, again when the key changes; an answer to an earlier question is ignored. */
export function usePreview(key: string, ask: (() => Promise<Preview>) | undefined): PreviewState {
  const [state, setState] = useState<PreviewState>({ state: 'loading' });
  useEffect(() => {
    let isCurrent = true;
    setState({ state: 'loading' });
    const timer = setTimeout(() => {
      ask?.().then(
        (preview) => isCurrent && setState({ state: 'known', preview }),
        (error: unknown) => isCurrent && setState({ state: 'refused', error: describeError(error) }),
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [key]);
  return state;
}
