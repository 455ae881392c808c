/**
 * Which participants are shown: the map `active`, by view mode and page (reference realtimekit 8.3).
 *
 * @module
 */

import { CODES, RealtimeKitError } from './errors.ts';
import type { Participant } from './participant.ts';
import type { ParticipantMap } from './participant-map.ts';

/** Who is shown. */
export type ViewMode =
  /** Those who spoke last, up to the maximum; the default. */
  | 'ACTIVE_GRID'
  /** One page of all participants, in the order of joining. */
  | 'PAGINATED'
  /** Those whom the application has subscribed to. */
  | 'MANUAL';

/** The state of the view. */
export interface ViewState {
  readonly viewMode: ViewMode;
  /** 0 unless the mode is `PAGINATED`. */
  readonly currentPage: number;
  readonly pageCount: number;
}

const MODES: ReadonlySet<string> = new Set<ViewMode>(['ACTIVE_GRID', 'PAGINATED', 'MANUAL']);
const DEFAULT_MAX = 10;

/** Fills `active`. */
export class ParticipantView {
  readonly #active: ParticipantMap;
  readonly #changed: (event: 'viewModeChanged' | 'pageChanged', state: ViewState) => void;
  /** The participants in the room, in the order of joining. */
  #present: readonly Participant[] = [];
  /** Ids of those who have spoken, the latest first. */
  #speakers: readonly string[] = [];
  #mode: ViewMode = 'ACTIVE_GRID';
  #page = 0;
  #max = DEFAULT_MAX;

  constructor(active: ParticipantMap, changed: (event: 'viewModeChanged' | 'pageChanged', state: ViewState) => void) {
    this.#active = active;
    this.#changed = changed;
  }

  get mode(): ViewMode {
    return this.#mode;
  }

  get page(): number {
    return this.#page;
  }

  /** How many pages there are; 0 unless the mode is `PAGINATED`. */
  get pageCount(): number {
    return this.#mode === 'PAGINATED' ? this.#filledPages : 0;
  }

  /** How many participants are shown at once. */
  get max(): number {
    return this.#max;
  }

  /** The peer ids of the participants that are shown. */
  get shownIds(): string[] {
    return this.#wanted().map(({ id }) => id);
  }

  /** @throws RealtimeKitError `1207` for an unknown mode */
  setMode(mode: ViewMode): void {
    if (!MODES.has(mode)) throw new RealtimeKitError(CODES.badViewMode, `there is no view mode ${String(mode)}`);
    const isChange = mode !== this.#mode;
    this.#mode = mode;
    this.#page = mode === 'PAGINATED' ? Math.max(1, this.#page) : 0;
    this.#update();
    if (isChange) this.#changed('viewModeChanged', this.#state);
  }

  /** Shows a page, counted from 1, in the mode `PAGINATED`; page 0 is the mode `ACTIVE_GRID`. @throws RealtimeKitError `1202` */
  setPage(page: number): void {
    if (!Number.isInteger(page) || page < 0 || page > this.#filledPages) {
      throw new RealtimeKitError(CODES.badPage, `there is no page ${String(page)}: there are ${this.#filledPages}`);
    }
    if (page === 0) return this.setMode('ACTIVE_GRID');
    if (this.#mode !== 'PAGINATED') this.setMode('PAGINATED');
    const isChange = page !== this.#page;
    this.#page = page;
    this.#update();
    if (isChange) this.#changed('pageChanged', this.#state);
  }

  /** @throws RealtimeKitError `1203` unless it is a whole number of at least 1 */
  setMax(max: number): void {
    if (!Number.isInteger(max) || max < 1) {
      throw new RealtimeKitError(CODES.badParticipantCount, 'the maximum of participants must be at least 1');
    }
    this.#max = max;
    this.#update();
  }

  /** Adds a participant. */
  handleJoined(participant: Participant): void {
    if (this.#present.some(({ id }) => id === participant.id)) return;
    this.#present = [...this.#present, participant];
    this.#update();
  }

  /** Removes a participant. */
  handleLeft(id: string, wasKicked: boolean): void {
    this.#present = this.#present.filter((participant) => participant.id !== id);
    this.#speakers = this.#speakers.filter((speaker) => speaker !== id);
    this.#active.handleLeft(id, wasKicked);
    this.#update();
  }

  /** Removes all participants. */
  handleCleared(): void {
    this.#present = [];
    this.#speakers = [];
    this.#page = Math.min(this.#page, 1);
    this.#active.handleCleared();
  }

  /** Shows a participant who speaks. */
  handleSpeaker(id: string): void {
    this.#speakers = [id, ...this.#speakers.filter((speaker) => speaker !== id)];
    this.#update();
  }

  /** Handles a change of a participant's subscriptions, or of its place on the stage. */
  handleChanged(): void {
    this.#update();
  }

  /** How many pages all participants fill; at least 1. */
  get #filledPages(): number {
    return Math.max(1, Math.ceil(this.#candidates.length / this.#max));
  }

  get #state(): ViewState {
    return { viewMode: this.#mode, currentPage: this.#page, pageCount: this.pageCount };
  }

  /** The participants that can be shown: those on stage. */
  get #candidates(): readonly Participant[] {
    return this.#present.filter(({ stageStatus }) => stageStatus === 'ON_STAGE');
  }

  #update(): void {
    const pageBefore = this.#page;
    this.#page = Math.min(this.#page, this.#filledPages);
    const wanted = this.#wanted();
    for (const id of [...this.#active.keys()]) {
      if (!wanted.some((participant) => participant.id === id)) this.#active.handleLeft(id, false);
    }
    for (const participant of wanted) this.#active.handleJoined(participant, true);
    for (const participant of this.#present) participant.handleShown(wanted.includes(participant));
    if (this.#page !== pageBefore) this.#changed('pageChanged', this.#state);
  }

  #wanted(): readonly Participant[] {
    const all = this.#candidates;
    switch (this.#mode) {
      case 'MANUAL':
        return all.filter((participant) => participant.isSubscribed);
      case 'PAGINATED':
        return all.slice((this.#page - 1) * this.#max, this.#page * this.#max);
      case 'ACTIVE_GRID':
        return this.#latestSpeakers(all);
    }
  }

  /** Those who are shown already stay as long as nobody else has spoken later, so that tiles do not jump. */
  #latestSpeakers(all: readonly Participant[]): readonly Participant[] {
    if (all.length <= this.#max) return all;
    const rank = ({ id }: Participant) => {
      const spoken = this.#speakers.indexOf(id);
      return spoken < 0 ? this.#speakers.length : spoken;
    };
    const isShown = ({ id }: Participant) => (this.#active.has(id) ? 0 : 1);
    const ranked = all.toSorted((one, other) => rank(one) - rank(other) || isShown(one) - isShown(other));
    const chosen = new Set(ranked.slice(0, this.#max));
    return all.filter((participant) => chosen.has(participant));
  }
}
