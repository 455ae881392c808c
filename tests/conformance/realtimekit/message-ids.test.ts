import { RealtimeKitClient } from '@gavel/client/realtimekit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
beforeAll(async () => {
  people = await startPeople();
});
afterAll(() => people.close());

test('a message has one id: in the client, in what is fetched, and in the file of the chat (CHAT-5, CHAT-7)', async () => {
  const { kit, ids } = people;
  const meeting = await people.newMeeting();
  const { token } = await people.add(meeting, 'anna');
  const client = await RealtimeKitClient.init({ authToken: token, baseURI: people.server.baseUrl });
  await client.join();
  await client.chat.sendTextMessage('Hello');
  await client.chat.sendTextMessage('Hallo');
  const [first, second] = client.chat.messages;
  await client.chat.editTextMessage(second?.id ?? '', 'Hello again');
  expect(client.chat.messages.map((message) => message.type === 'text' && message.message)).toEqual([
    'Hello',
    'Hello again',
  ]);
  const fetched = await client.chat.fetchPublicMessages({ limit: 10 });
  expect(fetched.map(({ id }) => id)).toEqual([second?.id, first?.id]);

  const session = (await kit.activeSession.getActiveSession(meeting, ids)).data?.id ?? '';
  await kit.activeSession.kickAllParticipants(meeting, ids);
  const { data } = await kit.sessions.getSessionChat(session, ids);
  const [, ...lines] = (await (await fetch(data?.chat_download_url ?? '')).text()).trimEnd().split('\r\n');
  expect(lines.map((line) => line.split(',')[0])).toEqual([first?.id, second?.id]);
});
