/**
 * The notice that the own stream was removed or could not be published.
 *
 * @module
 */

import type { OwnStream } from '../room-state.ts';
import { Icon } from './icons.tsx';

/** Shows that the own stream was removed or could not be published. */
export function OwnStreamNotice(props: {
  own: OwnStream;
  isConnected: boolean;
  onPublish: () => void;
  onPublishTest: () => void;
}) {
  const { own, isConnected, onPublish, onPublishTest } = props;
  const isShown = own.kind === 'removed' || own.kind === 'failed';
  return (
    <div role="alert" class="notice-slot">
      {isShown && (
        <div class="strip" data-testid={own.kind === 'removed' ? 'stream-removed' : 'publish-failed'}>
          <Icon name="alert" />
          <p>
            {own.kind === 'removed' ? (
              <>
                <strong>Your stream was removed by the server.</strong> You are still in the room, but nobody receives
                your camera or microphone.
              </>
            ) : (
              <>
                <strong>Your stream could not be published.</strong> {own.error.text}
              </>
            )}
          </p>
          <button
            type="button"
            class="button"
            disabled={!isConnected}
            data-testid="publish-again-button"
            onClick={onPublish}
          >
            {own.kind === 'removed' ? 'Publish again' : 'Try again'}
          </button>
          {own.kind === 'failed' && (
            <button
              type="button"
              class="button"
              disabled={!isConnected}
              data-testid="publish-test-button"
              onClick={onPublishTest}
            >
              Use the test picture
            </button>
          )}
        </div>
      )}
    </div>
  );
}
