/**
 * A customer's server that receives the webhooks of meetings, registered by the API.
 *
 * @module
 */

import { verify } from 'node:crypto';
import { type CallbackReceiver, type ReceivedCallback, startCallbackReceiver } from '@gavel/testkit';
import { expect } from 'vitest';
import { until } from './harness.ts';
import type { Hall } from './meeting.ts';

const EVENTS = ['meeting.started', 'meeting.ended', 'meeting.participantJoined', 'meeting.participantLeft'] as const;

/** The fields of a payload that the tests compare. */
interface Payload {
  readonly event: string;
  readonly meeting: { readonly id: string };
  readonly participant?: { readonly customParticipantId: string };
  readonly reason?: string;
}

/** Records received webhooks. */
export class WebhookBook {
  readonly #receiver: CallbackReceiver;
  readonly #publicKey: string;

  private constructor(receiver: CallbackReceiver, publicKey: string) {
    this.#receiver = receiver;
    this.#publicKey = publicKey;
  }

  /** Registers a receiver for everything that happens in the hall's meetings. */
  static async open({ api, gavel, ids }: Hall): Promise<WebhookBook> {
    const receiver = await startCallbackReceiver();
    const body = { account_id: ids.account_id, name: 'book', url: receiver.url(), events: [...EVENTS] };
    await api.realtimeKit.webhooks.createWebhook(ids.app_id, body);
    const answer = await fetch(`${gavel.baseUrl}/.well-known/webhooks.json`);
    const { data } = (await answer.json()) as { data: { publicKey: string } };
    return new WebhookBook(receiver, data.publicKey);
  }

  /** The webhooks of a meeting after its participants had joined, such as `meeting.participantLeft user-Ben`, in order. */
  #since(meetingId: string): string[] {
    return this.#receiver.received
      .map((each) => this.#read(each))
      .filter(({ meeting, event }) => meeting.id === meetingId && !/started|Joined/.test(event))
      .map(({ event, participant, reason }) => `${event} ${participant?.customParticipantId ?? reason}`);
  }

  /** Waits until exactly these webhooks of a meeting were received, in any order, except that `meeting.ended` must be the last. */
  async tells(meetingId: string, ...wanted: string[]): Promise<void> {
    await until(async () => this.#since(meetingId).length >= wanted.length, `webhooks: ${wanted.join(', ')}`);
    const events = this.#since(meetingId);
    expect(events.toSorted()).toEqual(wanted.toSorted());
    expect(events.findIndex((each) => each.startsWith('meeting.ended'))).toBe(
      wanted.findIndex((each) => each.startsWith('meeting.ended')),
    );
  }

  /** Waits for the webhooks of a meeting's start and of its participants' joins. */
  async tellsWhoCame(meetingId: string, ...customIds: string[]): Promise<void> {
    const wanted = ['meeting.started', ...customIds.map((id) => `meeting.participantJoined ${id}`)];
    const came = (): string[] =>
      this.#receiver.received
        .map((each) => this.#read(each))
        .filter(({ meeting, event }) => meeting.id === meetingId && /started|Joined/.test(event))
        .map(({ event, participant }) => [event, participant?.customParticipantId].filter(Boolean).join(' '));
    await until(async () => came().length >= wanted.length, `webhooks: ${wanted.join(', ')}`);
    expect(came()).toEqual(wanted);
  }

  close(): Promise<void> {
    return this.#receiver.close();
  }

  /** Reads a webhook with the vendor's signature. */
  #read({ raw, headers, body }: ReceivedCallback): Payload {
    const signature = Buffer.from(String(headers['rtk-signature']), 'base64');
    if (!verify('RSA-SHA256', Buffer.from(raw), this.#publicKey, signature)) throw new Error(`not signed: ${raw}`);
    return body as never as Payload;
  }
}
