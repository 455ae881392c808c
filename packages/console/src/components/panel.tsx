/**
 * A panel with a heading and buttons.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A panel with a heading and, next to it, buttons. */
export function Panel(props: {
  title: string;
  name: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`panel ${props.name}`} aria-labelledby={id} data-testid={props.name}>
      <div class="panel-head">
        <h2 id={id}>{props.title}</h2>
        {props.actions && <div class="panel-actions">{props.actions}</div>}
      </div>
      {props.children}
    </section>
  );
}
