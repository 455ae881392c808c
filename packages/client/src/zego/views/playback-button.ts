/**
 * A button for playback that the browser refuses before the user touches the page.
 *
 * @module
 */

const STYLE = {
  position: 'fixed',
  bottom: '16px',
  left: '50%',
  transform: 'translateX(-50%)',
  zIndex: '2147483647',
  padding: '12px 20px',
  font: '16px sans-serif',
};

/** Shows a button that calls `resume`, as a click anywhere on the page does; returns a function that removes it. */
export function offerPlayback(document: Document, resume: () => void): () => void {
  const button = document.createElement('button');
  button.textContent = 'Click to start playback';
  Object.assign(button.style, STYLE);
  document.body.append(button);
  document.addEventListener('click', resume);
  // The user touched the page while this module was loaded.
  if (document.defaultView?.navigator.userActivation?.hasBeenActive) resume();
  return () => {
    document.removeEventListener('click', resume);
    button.remove();
  };
}
