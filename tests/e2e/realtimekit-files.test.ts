import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall } from './meeting.ts';

let hall: Hall;

/** The messages of a page: their types, and the names and links of files. */
const messages = (page: Page) =>
  page.evaluate(() =>
    e2e.realtimekit().client.chat.messages.map((message) => ({
      type: message.type,
      link: 'link' in message ? message.link : '',
    })),
  );
const linkOf = async (page: Page, count: number): Promise<string> => {
  await until(async () => (await messages(page)).length === count, 'a message');
  return (await messages(page)).at(-1)?.link ?? '';
};

describe.skipIf(CHROMIUM === '')('files in chat', () => {
  beforeAll(async () => {
    hall = await Hall.open({ chat: { maxFileBytes: 2 * 1024 * 1024 } });
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('a browser uploads a picture and a file, from a page of another origin; others show and download them (CHAT-8, CHAT-9)', async () => {
    const { people } = await hall.meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    await hanna.page.evaluate(async () => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [40, 30];
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
      await e2e.realtimekit().client.chat.sendImageMessage(new File([blob ?? ''], 'picture.png'));
    });
    const image = await linkOf(ben.page, 1);
    const size = await ben.page.evaluate(async (link) => {
      const element = new Image();
      element.src = link;
      await element.decode();
      return [element.naturalWidth, element.naturalHeight];
    }, image);
    expect(size).toEqual([40, 30]);

    // More than two parts.
    await hanna.page.evaluate(async () => {
      const bytes = new Uint8Array(1_200_000).map((_, index) => index % 251);
      await e2e.realtimekit().client.chat.sendFileMessage(new File([bytes], 'data.bin'));
    });
    const file = await linkOf(ben.page, 2);
    const isWhole = await ben.page.evaluate(async (link) => {
      const bytes = new Uint8Array(await (await fetch(link)).arrayBuffer());
      return bytes.length === 1_200_000 && bytes.every((byte, index) => byte === index % 251);
    }, file);
    expect(isWhole).toBe(true);

    const refused = await hanna.page.evaluate(() =>
      e2e
        .realtimekit()
        .client.chat.sendFileMessage(new File([new Uint8Array(3 * 1024 * 1024)], 'large.bin'))
        .then(
          () => 'sent',
          ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
        ),
    );
    expect(refused).toMatch(/^0002 .*2097152 bytes/);

    await hanna.page.evaluate(async () => {
      const { chat } = e2e.realtimekit().client;
      for (const { id } of [...chat.messages]) await chat.deleteMessage(id);
    });
    for (const link of [image, file]) expect((await fetch(link)).status).toBe(404);
  });
});
