/**
 * Starts Web Audio, which browsers may refuse before the user touches the page.
 *
 * @module
 */

/** Resolves when a context runs: at once, or with the first click on the page. @throws if the context is closed before */
export async function startAudio(context: AudioContext, document: Document | undefined): Promise<void> {
  const resume = () => void context.resume().catch(() => {});
  document?.addEventListener('click', resume);
  try {
    await context.resume();
  } finally {
    document?.removeEventListener('click', resume);
  }
}
