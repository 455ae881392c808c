import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Epoch, MemberId, RoomKey } from '@gavel/protocol';
import { FakeClock, MemoryNetwork } from '@gavel/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClusterPeers } from '../cluster/peers.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { SharedFiles } from './shared-files.ts';

const KEY = { appId: 1, environment: 'production', roomId: 'room' } as RoomKey;
const ann = {
  memberId: 'm1' as MemberId,
  user: { id: 'ann', name: 'Ann' },
  permissions: { publishAudio: true, publishVideo: true },
} as MemberInfo;
const room = { epoch: '1' as Epoch };
const bus = {
  query: async (_: object, { type }: { type: string }) => (type === 'member' ? { member: ann } : { room }),
};
const log = { error: (fields: object) => expect.unreachable(JSON.stringify(fields)) };

interface Node {
  readonly files: SharedFiles;
  readonly isResponsible: boolean;
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'gavel-shared-files-'));
let root: string;
let store: Store;
let responsible: Node;
let other: Node;

beforeEach(async () => {
  root = folder();
  store = await openSqliteStore(':memory:');
  const network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  const clock = new FakeClock();
  const links = ['a', 'b'].map((id) => network.join(id));
  const nodes = await Promise.all(
    links.map(async (link): Promise<Node> => {
      const peers = new ClusterPeers(link);
      const path = join(root, link.id);
      const files = await SharedFiles.open({
        ...{ peers, bus: bus as never, store, clock, log, path },
        settings: { maxFileBytes: 1_000_000, maxRoomFileBytes: 1_000_000, maxAppFileBytes: 1_000_000 },
      });
      peers.start();
      return { files, isResponsible: peers.nodeFor(`files ${KEY.appId}`) === peers.self };
    }),
  );
  const found = [nodes.find((node) => node.isResponsible), nodes.find((node) => !node.isResponsible)];
  [responsible, other] = found as [Node, Node];
});
afterEach(async () => {
  await Promise.all([responsible.files.close(), other.files.close()]);
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

/** Uploads a file by parts that alternate between the nodes. */
async function upload(bytes: Buffer): Promise<string> {
  const { fileId, uploadToken } = await other.files.createUpload(KEY, ann, { name: 'a.bin', size: bytes.length });
  const half = Math.floor(bytes.length / 2);
  for (const [node, offset, part] of [
    [other, 0, bytes.subarray(0, half)],
    [responsible, half, bytes.subarray(half)],
  ] as const) {
    await node.files.checkUpload(fileId, uploadToken);
    await node.files.addPart(fileId, offset, part);
  }
  return fileId;
}

async function download(node: Node, fileId: string, start: number, end: number): Promise<Buffer> {
  const file = await node.files.openFile(fileId);
  if (!file) throw new Error('there is no such file');
  return Buffer.concat(await Array.fromAsync(file.handle.createReadStream({ start, end })));
}

it('a file that is uploaded at one node is sent and downloaded at any node (CLUS-1, CHAT-8, CHAT-9)', async () => {
  const bytes = Buffer.from(Array.from({ length: 700_001 }, (_, index) => index % 251));
  const fileId = await upload(bytes);
  for (const node of [other, responsible]) {
    expect((await download(node, fileId, 0, bytes.length - 1)).equals(bytes)).toBe(true);
    expect((await download(node, fileId, 299_999, 600_000)).equals(bytes.subarray(299_999, 600_001))).toBe(true);
  }
  const { content } = await other.files.claim(KEY, ann, { type: 'file', fileId });
  expect(content).toMatchObject({ type: 'file', file: { fileId, name: 'a.bin', size: bytes.length } });
});

it('a file is in one message, whatever node it is sent at, and free again when that is not sent (CLUS-1, CHAT-10)', async () => {
  const fileId = await upload(Buffer.from('text'));
  const first = await other.files.claim(KEY, ann, { type: 'file', fileId });
  for (const { files } of [other, responsible]) {
    await expect(files.claim(KEY, ann, { type: 'file', fileId })).rejects.toMatchObject({ code: 'file.not-found' });
  }
  first.release();
  await expect.poll(() => responsible.files.claim(KEY, ann, { type: 'file', fileId })).toMatchObject({ content: {} });
});

it('the bytes of a room are limited over all nodes; what is not known is refused at each (CLUS-8, CHAT-11)', async () => {
  const file = { name: 'a', size: 600_000 };
  await other.files.createUpload(KEY, ann, file);
  for (const { files } of [other, responsible]) {
    await expect(files.createUpload(KEY, ann, file)).rejects.toMatchObject({ code: 'file.no-space' });
    await expect(files.checkUpload('0'.repeat(48), '')).rejects.toMatchObject({ code: 'file.not-found' });
    expect(await files.openFile('0'.repeat(48))).toBeUndefined();
  }
});
