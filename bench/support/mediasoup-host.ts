/**
 * A minimal server around mediasoup: a router for each room, and `POST /publish/<room>/<stream>` and
 * `POST /play/<room>/<stream>`, which answer offers of one video section. mediasoup has no signalling of its own, so this
 * server has neither users nor permissions.
 *
 * @module
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// In a variable, so that the types are not looked up: it is no dependency, and installed only by hand.
const PACKAGE = 'mediasoup';
const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
/** The payload type is that of the load's offers, so that answers to players name one that was offered. */
const CODEC = { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000, preferredPayloadType: 96 } as const;

interface RtpCodec {
  readonly mimeType: string;
  readonly payloadType: number;
}

interface Transport {
  readonly iceParameters: { readonly usernameFragment: string; readonly password: string };
  readonly iceCandidates: readonly {
    readonly foundation: string;
    readonly priority: number;
    readonly address: string;
    readonly port: number;
  }[];
  readonly dtlsParameters: { readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[] };
  connect(params: object): Promise<void>;
  produce(params: object): Promise<{ readonly id: string }>;
  consume(params: object): Promise<{
    readonly rtpParameters: {
      readonly codecs: readonly RtpCodec[];
      readonly encodings: readonly { readonly ssrc: number }[];
    };
  }>;
}

interface Router {
  readonly rtpCapabilities: { readonly codecs: readonly { readonly mimeType: string }[] };
  createWebRtcTransport(params: object): Promise<Transport>;
}

interface Mediasoup {
  createWorker(params: object): Promise<{ createRouter(params: object): Promise<Router> }>;
}

interface Room {
  readonly router: Router;
  /** The producers' ids by stream. */
  readonly producers: Map<string, string>;
}

const { createWorker } = (await import(PACKAGE)) as Mediasoup;
const worker = await createWorker({ logLevel: 'error' });
const rooms = new Map<string, Promise<Room>>();

function roomOf(name: string): Promise<Room> {
  const known = rooms.get(name);
  if (known) return known;
  const room = worker.createRouter({ mediaCodecs: [CODEC] }).then((router): Room => ({ router, producers: new Map() }));
  rooms.set(name, room);
  return room;
}

/** Makes a transport for the sender of an offer; ICE is lite, and mediasoup begins the DTLS handshake. */
async function accept({ router }: Room, offer: string): Promise<Transport> {
  const transport = await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
  const [, algorithm, value] = /a=fingerprint:(\S+) (\S+)/.exec(offer) ?? [];
  await transport.connect({ dtlsParameters: { role: 'server', fingerprints: [{ algorithm, value }] } });
  return transport;
}

async function publish(room: Room, stream: string, offer: string): Promise<string> {
  const transport = await accept(room, offer);
  const payloadType = Number(/a=rtpmap:(\d+) VP8/.exec(offer)?.[1]);
  const extensionId = Number(/a=extmap:(\d+) \S*transport-wide-cc/.exec(offer)?.[1]);
  const rtcpFeedback = [
    { type: 'transport-cc' },
    { type: 'nack' },
    { type: 'nack', parameter: 'pli' },
    { type: 'ccm', parameter: 'fir' },
  ];
  const producer = await transport.produce({
    kind: CODEC.kind,
    rtpParameters: {
      codecs: [{ mimeType: CODEC.mimeType, clockRate: CODEC.clockRate, payloadType, rtcpFeedback }],
      headerExtensions: [{ uri: TRANSPORT_CC_URI, id: extensionId }],
      encodings: [{ ssrc: Number(/a=ssrc:(\d+)/.exec(offer)?.[1]) }],
      rtcp: { cname: 'bench', reducedSize: true },
    },
  });
  room.producers.set(stream, producer.id);
  return answerOf(transport, payloadType, ['a=recvonly', `a=extmap:${extensionId} ${TRANSPORT_CC_URI}`]);
}

async function play(room: Room, stream: string, offer: string): Promise<string> {
  const transport = await accept(room, offer);
  // As the other servers send it: no second stream for retransmissions, no extensions.
  const codecs = room.router.rtpCapabilities.codecs.filter(({ mimeType }) => mimeType === CODEC.mimeType);
  const rtpCapabilities = { codecs, headerExtensions: [] };
  const { rtpParameters } = await transport.consume({ producerId: room.producers.get(stream), rtpCapabilities });
  const [codec] = rtpParameters.codecs;
  const [encoding] = rtpParameters.encodings;
  if (!codec || !encoding) throw new Error('the consumer has no codec or no encoding');
  return answerOf(transport, codec.payloadType, ['a=sendonly', `a=ssrc:${encoding.ssrc} cname:bench`]);
}

function answerOf(transport: Transport, payloadType: number, lines: readonly string[]): string {
  const { iceParameters, iceCandidates, dtlsParameters } = transport;
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    'a=group:BUNDLE 0',
    `m=video 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${fingerprint?.value}`,
    'a=setup:active',
    'a=rtcp-mux',
    `a=rtpmap:${payloadType} VP8/90000`,
    ...['transport-cc', 'nack', 'nack pli', 'ccm fir'].map((feedback) => `a=rtcp-fb:${payloadType} ${feedback}`),
    ...lines,
    ...iceCandidates.map(
      ({ foundation, priority, address, port }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${address} ${port} typ host`,
    ),
    '',
  ].join('\r\n');
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    try {
      const [, role = '', name = '', stream = ''] = (request.url ?? '').split('/');
      const room = await roomOf(name);
      const offer = Buffer.concat(chunks).toString();
      response.end(await (role === 'publish' ? publish : play)(room, stream, offer));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
