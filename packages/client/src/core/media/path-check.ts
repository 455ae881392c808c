/**
 * Finds out why a peer connection does not reach the server's media port (CONN-4).
 *
 * @module
 */

import { SessionError } from '../errors.ts';

/** Browsers report this code if a STUN or TURN server cannot be reached; lower codes are the server's own (RFC 8656). */
const UNREACHABLE = 701;

/** Watches one peer connection until it is connected or closed. */
export class PathCheck {
  readonly #isRelayOnly: boolean;
  readonly #hasTurnServer: boolean;
  #addresses: readonly string[] = [];
  #hasCandidate = false;
  #isHopeless = false;
  #refusal: { readonly turnCode: number; readonly url: string; readonly text: string } | undefined;
  #unreachableUrl: string | undefined;

  /** @param hopeless called if no path is possible: only relayed paths are allowed, and no TURN server provides one */
  constructor(peer: RTCPeerConnection, configuration: RTCConfiguration, hopeless: () => void) {
    this.#isRelayOnly = configuration.iceTransportPolicy === 'relay';
    this.#hasTurnServer = (configuration.iceServers ?? []).some(({ urls }) =>
      [urls].flat().some((url) => url.startsWith('turn')),
    );
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#hasCandidate = true;
    };
    peer.onicecandidateerror = ({ errorCode, url, errorText }) => {
      if (!url.startsWith('turn')) return;
      if (errorCode === UNREACHABLE) this.#unreachableUrl = url;
      else this.#refusal = { turnCode: errorCode, url, text: errorText };
    };
    peer.onicegatheringstatechange = () => {
      const isComplete = peer.iceGatheringState === 'complete';
      if (!isComplete || !this.#isRelayOnly || this.#hasCandidate) return;
      this.#isHopeless = true;
      hopeless();
    };
  }

  /** Whether no path is possible. */
  get isHopeless(): boolean {
    return this.#isHopeless;
  }

  /** Reads which addresses the server's answer names. */
  handleAnswer(sdp: string): void {
    const candidates = sdp.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) /gm);
    const addresses = [...candidates].map(
      ([, host = '', port]) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
    );
    this.#addresses = [...new Set(addresses)];
  }

  /** Returns the error that says why there is no path. Its details have the facts that were found. */
  explain(): SessionError {
    const addresses = this.#addresses.join(', ');
    const details = { addresses };
    if (this.#refusal) {
      const { turnCode, url, text } = this.#refusal;
      const message = `the TURN server ${url} refused the allocation: ${turnCode} ${text}`.trimEnd();
      return new SessionError('client.turn-refused', message, { ...details, turnCode, url });
    }
    if (this.#isRelayOnly && !this.#hasCandidate) {
      const url = this.#unreachableUrl;
      const reason = this.#hasTurnServer ? 'no TURN server answers' : 'no TURN server is configured';
      const message = `only relayed media is allowed, and ${reason}`;
      return new SessionError('client.turn-unreachable', message, { ...details, ...(url !== undefined && { url }) });
    }
    const message = `no path to the media port of the server (${addresses || 'no address'}): UDP is blocked, or the address is wrong`;
    return new SessionError('client.no-media-path', message, details);
  }
}
