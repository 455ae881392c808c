/**
 * The vendor's callbacks as a dialect of the outbox: the URL of each group, the retries, the headers.
 *
 * @module
 */

import { type App, validCallbackSecretsOf } from '../apps/app.ts';
import type { Subscriber } from '../bus/bus.ts';
import type { CallbackDialect } from '../callbacks/dialect.ts';
import { standardWebhookHeaders } from '../callbacks/standard-webhooks.ts';
import { eventsOf } from '../rooms/events.ts';
import { type CallbackGroup, payloadOf } from './callback-payloads.ts';
import { EndedPublishes } from './ended-publishes.ts';

function urlOf(app: App, group: CallbackGroup): string | undefined {
  const { roomUrl, userUrl, streamUrl } = app.callbacks ?? {};
  return { room: roomUrl, user: userUrl, stream: streamUrl }[group];
}

/** The dialect; as a subscriber it learns of publishes that ended at other nodes, which later publishes may continue here. */
export type ZegoCallbacks = CallbackDialect & Pick<Subscriber, 'handle'>;

/** Creates the vendor's callbacks of one server: at most five retries, with delays that double (CB-2, reference zego 3.1). */
export function createZegoCallbacks(): ZegoCallbacks {
  const ended = new EndedPublishes();
  return {
    name: 'zego',
    retryDelaysMs: [2_000, 4_000, 8_000, 16_000, 32_000],

    serves: ({ callbacks }) => callbacks !== undefined,

    write(app, batch) {
      return batch.events.flatMap((event) => {
        const payload = payloadOf(app, batch, event, ended);
        const url = payload && urlOf(app, payload.group);
        if (event.type === 'streamRemoved') ended.add(batch, event.stream, event.atMs);
        return payload && url !== undefined
          ? { event: payload.fields.event, url, body: JSON.stringify(payload.fields) }
          : [];
      });
    },

    handle(batch) {
      for (const { stream, atMs } of eventsOf(batch.events, 'streamRemoved')) ended.add(batch, stream, atMs);
    },

    // The vendor's signature does not cover the body. These headers do, and their id is the same for every attempt.
    headersOf: (app, record, nowMs) => standardWebhookHeaders(validCallbackSecretsOf(app, nowMs), record, nowMs),
  };
}
