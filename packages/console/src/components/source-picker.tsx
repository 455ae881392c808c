/**
 * The selection of camera, test picture or watching only, with a preview.
 *
 * @module
 */

import { useEffect, useRef } from 'preact/hooks';
import type { User } from '../room-state.ts';
import { canUseCamera, type SourceKind } from '../sources.ts';
import { drawTestPicture, TEST_PICTURE_FPS } from '../test-picture.ts';
import { Icon } from './icons.tsx';

const SOURCES = [
  { kind: 'camera', label: 'Camera' },
  { kind: 'test', label: 'Test picture' },
  { kind: 'none', label: 'Just watch' },
] as const satisfies readonly { kind: SourceKind; label: string }[];

/** The selection of a source. */
export function SourcePicker(props: { value: SourceKind; user: User; onChange: (kind: SourceKind) => void }) {
  const { value, user, onChange } = props;
  const hasCamera = canUseCamera();
  return (
    <fieldset class="source">
      <legend class="visually-hidden">Your picture and sound</legend>
      <div class="preview">
        {value === 'test' && <Preview user={user} />}
        {value === 'camera' && (
          <PreviewText icon="camera" text="The browser asks for your camera and microphone when you join." />
        )}
        {value === 'none' && <PreviewText icon="user" text="You see and hear the others, but send nothing." />}
      </div>
      <div class="segments">
        {SOURCES.map(({ kind, label }) => (
          <label key={kind} class="segment">
            <input
              type="radio"
              name="source"
              value={kind}
              checked={value === kind}
              disabled={kind === 'camera' && !hasCamera}
              data-testid={`source-${kind}`}
              onChange={() => onChange(kind)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
      {!hasCamera && <p class="hint">Browsers allow cameras on https and on localhost only.</p>}
    </fieldset>
  );
}

function PreviewText({ icon, text }: { icon: 'camera' | 'user'; text: string }) {
  return (
    <p class="preview-text">
      <Icon name={icon} />
      {text}
    </p>
  );
}

function Preview({ user }: { user: User }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { userId, userName } = user;
  useEffect(() => {
    const draw = () => canvas.current && drawTestPicture(canvas.current, { userId, userName }, Date.now());
    draw();
    const timer = setInterval(draw, 1000 / TEST_PICTURE_FPS);
    return () => clearInterval(timer);
  }, [userId, userName]);
  return <canvas ref={canvas} width={640} height={360} aria-label={`Test picture of ${userName}`} role="img" />;
}
