/**
 * Participants' tokens: RS256 JWTs, signed with a key pair that is made at the first start (AUTH-2, reference 6).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import { errors, importPKCS8, importSPKI, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../rooms/clock.ts';
import type { Store } from '../store/store.ts';
import { makeKeyPair } from './key-pair.ts';

/** How long a token is good: 100 days, in seconds. */
export const TOKEN_LIFETIME_S = 100 * 24 * 60 * 60;
const PURPOSE = 'participant-token';
const ALGORITHM = 'RS256';

/** Whom a token is for. */
export interface TokenSubject {
  /** The App, by its `rtkAppId`. */
  readonly orgId: string;
  readonly meetingId: string;
  readonly participantId: string;
  /** The preset at the time of issue. What a login may do is told by the preset of that moment, not by this. */
  readonly presetId: string;
}

/** A token that was verified. */
export interface VerifiedToken extends TokenSubject {
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** What the tokens need from the server. */
export interface ParticipantTokensDeps {
  readonly store: Pick<Store, 'signingKeys'>;
  readonly clock: Clock;
}

/** Signs and verifies participants' tokens. */
export class ParticipantTokens {
  readonly #clock: Clock;
  readonly #keyId: string;
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;

  private constructor(clock: Clock, keyId: string, privateKey: CryptoKey, publicKey: CryptoKey) {
    this.#clock = clock;
    this.#keyId = keyId;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** Loads the key pair, or makes it at the first start, which takes some tenths of a second. */
  static async open({ store, clock }: ParticipantTokensDeps): Promise<ParticipantTokens> {
    const { signingKeys } = store;
    const key =
      (await signingKeys.find(PURPOSE)) ?? (await signingKeys.addUnlessPresent(makeKeyPair(PURPOSE, clock.now())));
    const [privateKey, publicKey] = await Promise.all([
      importPKCS8(key.privateKey, ALGORITHM),
      importSPKI(key.publicKey, ALGORITHM),
    ]);
    return new ParticipantTokens(clock, key.keyId, privateKey, publicKey);
  }

  /** Makes a token, good for `TOKEN_LIFETIME_S`. Two of one second are the same but for their id. */
  async sign(subject: TokenSubject): Promise<string> {
    const issuedAtS = Math.floor(this.#clock.now() / 1000);
    return new SignJWT({ ...subject })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: this.#keyId })
      .setIssuedAt(issuedAtS)
      .setExpirationTime(issuedAtS + TOKEN_LIFETIME_S)
      .setJti(randomUUID())
      .sign(this.#privateKey);
  }

  /** Verifies a token. @throws GavelError `login.token-expired`, `login.bad-credential` */
  async verify(token: string): Promise<VerifiedToken> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp'],
      });
      return {
        orgId: requireText(payload.orgId),
        meetingId: requireText(payload.meetingId),
        participantId: requireText(payload.participantId),
        presetId: requireText(payload.presetId),
        expiresAtMs: Number(payload.exp) * 1000,
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new GavelError('login.token-expired');
      if (error instanceof errors.JOSEError) throw new GavelError('login.bad-credential');
      throw error;
    }
  }
}

function requireText(claim: unknown): string {
  if (typeof claim !== 'string') throw new GavelError('login.bad-credential');
  return claim;
}
