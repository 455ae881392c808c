/**
 * How the own preset wants the meeting to look, and its limits for media: `self.config` (reference realtimekit 5.5, 8.2).
 *
 * @module
 */

import type { IdentifyResult } from '@gavel/protocol';
import { asJson, type Json, numberOf, textOf } from './json.ts';

/** Whether a part of the page is shown. */
export interface Shown {
  readonly isEnabled: boolean;
}

/** The buttons of the control bar. */
export interface ControlBarElements {
  readonly chat: boolean;
  readonly fullscreen: boolean;
  readonly invite: boolean;
  readonly layout: boolean;
  readonly participants: boolean;
  readonly plugins: boolean;
  readonly polls: boolean;
  readonly reactions: boolean;
  readonly screenshare: boolean;
}

/** What the header shows. */
export interface HeaderElements {
  /** The address of a picture; empty: none. */
  readonly logo: string;
  readonly timer: boolean;
  readonly title: boolean;
  readonly participantCount: boolean;
  readonly changeLayout: boolean;
}

/** The colours of a preset. */
export interface PresetColors {
  readonly brand: Readonly<Record<300 | 400 | 500 | 600 | 700, string>>;
  readonly background: Readonly<Record<600 | 700 | 800 | 900 | 1000, string>>;
  readonly danger: string;
  readonly success: string;
  readonly warning: string;
  readonly text: string;
  readonly textOnBrand: string;
  readonly videoBg: string;
}

/** Colours, fonts and measures of the preset, as the UI kit's design system takes them. */
export interface DesignTokens {
  readonly theme: 'darkest' | 'dark' | 'light';
  readonly borderRadius: 'sharp' | 'rounded' | 'extra-rounded' | 'circular';
  readonly borderWidth: 'none' | 'thin' | 'fat';
  readonly spacingBase: number;
  /** Those that the preset names. */
  readonly colors: PresetColors;
  readonly fontFamily?: string;
  readonly googleFont?: string;
  readonly logo?: string;
}

/** The sizes and rates with which the preset captures media. */
export interface PresetMedia {
  readonly audio: { readonly enableStereo: boolean; readonly enableHighBitrate: boolean };
  readonly video: { readonly quality: string; readonly frameRate: number; readonly simulcast: boolean };
  readonly screenshare: { readonly quality: string; readonly frameRate: number };
}

/** The looks and the limits of the own preset; the defaults of the stock presets where it says nothing. */
export class ThemePreset {
  #preset: Json = {};
  #name = '';

  /** The preset's name. */
  get name(): string {
    return this.#name;
  }

  get viewType(): string {
    return textOf(this.#config.view_type, 'GROUP_CALL');
  }

  get setupScreen(): Shown {
    return { isEnabled: true };
  }

  get waitingRoom(): Shown {
    return { isEnabled: true };
  }

  get controlBar(): Shown & { readonly elements: ControlBarElements } {
    const { screenshare } = asJson(this.#permissions.media) as { readonly screenshare?: unknown };
    const elements = {
      chat: true,
      fullscreen: true,
      invite: false,
      layout: true,
      participants: this.#permissions.show_participant_list !== false,
      plugins: false,
      polls: true,
      reactions: false,
      screenshare: asJson(screenshare).can_produce !== 'NOT_ALLOWED',
    };
    return { isEnabled: true, elements };
  }

  get header(): Shown & { readonly elements: HeaderElements } {
    const { logo = '' } = this.designTokens;
    return {
      isEnabled: true,
      elements: { logo, timer: true, title: true, participantCount: true, changeLayout: true },
    };
  }

  /** Whether the picture-in-picture window is offered. */
  get pipMode(): boolean {
    return true;
  }

  get livestreamViewerQualities(): number[] {
    const qualities = this.#config.livestream_viewer_qualities;
    return Array.isArray(qualities) ? qualities.filter((one) => typeof one === 'number') : [];
  }

  /** How many participants a page of the grid shows. */
  get maxVideoStreams(): { readonly mobile: number; readonly desktop: number } {
    const { mobile, desktop } = asJson(this.#config.max_video_streams);
    return { mobile: numberOf(mobile, 6), desktop: numberOf(desktop, 10) };
  }

  get maxScreenShareCount(): number {
    return numberOf(this.#config.max_screenshare_count, 1);
  }

  /** The plugins to start with; none. */
  get plugins(): string[] {
    return [];
  }

  get disabledPlugins(): string[] {
    return [];
  }

  get designTokens(): DesignTokens {
    const tokens = asJson(asJson(this.#preset.ui).design_tokens);
    const { brand, background, text_on_brand: textOnBrand, video_bg: videoBg, ...colors } = asJson(tokens.colors);
    const { font_family: fontFamily, google_font: googleFont, logo } = tokens;
    return {
      theme: textOf(tokens.theme, 'dark') as DesignTokens['theme'],
      borderRadius: textOf(tokens.border_radius, 'rounded') as DesignTokens['borderRadius'],
      borderWidth: textOf(tokens.border_width, 'thin') as DesignTokens['borderWidth'],
      spacingBase: numberOf(tokens.spacing_base, 4),
      colors: definedOnly({ ...colors, brand, background, textOnBrand, videoBg }) as unknown as PresetColors,
      ...(typeof fontFamily === 'string' && { fontFamily }),
      ...(typeof googleFont === 'string' && { googleFont }),
      ...(typeof logo === 'string' && { logo }),
    };
  }

  /** Changes of the UI kit's configuration; presets of this server have none. */
  get configDiff(): Json {
    return {};
  }

  get isSimulcastEnabled(): boolean {
    return this.mediaConstraints.video.simulcast;
  }

  /** The sizes and rates with which microphone, camera and screen are captured. */
  get mediaConstraints(): PresetMedia {
    const { audio, video, screenshare } = asJson(this.#config.media);
    const [sound, camera, screen] = [asJson(audio), asJson(video), asJson(screenshare)];
    return {
      audio: { enableStereo: sound.enable_stereo === true, enableHighBitrate: sound.enable_high_bitrate === true },
      video: {
        quality: textOf(camera.quality, 'hd'),
        frameRate: numberOf(camera.frame_rate, 30),
        simulcast: camera.simulcast !== false,
      },
      screenshare: { quality: textOf(screen.quality, 'hd'), frameRate: numberOf(screen.frame_rate, 5) },
    };
  }

  /** Handles the preset in the answer of `identify`, and of a login. */
  handleFacts(facts: NonNullable<IdentifyResult['facts']>, name: string): void {
    this.#preset = facts;
    this.#name = name;
  }

  get #config(): Json {
    return asJson(this.#preset.config);
  }

  get #permissions(): Json {
    return asJson(this.#preset.permissions);
  }
}

const definedOnly = (values: Json): Json =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
