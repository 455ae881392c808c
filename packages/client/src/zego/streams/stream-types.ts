/**
 * What local streams are created with (reference zego 4.3).
 *
 * @module
 */

/** A number, or the bounds of one. */
export interface ZegoConstraint {
  readonly exact?: number;
  readonly ideal?: number;
  readonly max?: number;
  readonly min?: number;
}

/** Size and frame rate of video; a single number is the ideal value. */
export interface ZegoVideoSize {
  readonly width?: number | ZegoConstraint;
  readonly height?: number | ZegoConstraint;
  /** Frames per second. */
  readonly frameRate?: number | ZegoConstraint;
}

/** Processing of captured audio. */
export interface ZegoAudioProcessing {
  /** Noise suppression. */
  readonly ANS?: boolean;
  /** Automatic gain control. */
  readonly AGC?: boolean;
  /** Echo cancellation. */
  readonly AEC?: boolean;
}

/** Encoding of a stream that `createStream` makes. */
interface ZegoEncoding {
  /** Highest video bitrate, in kbit/s. */
  readonly bitrate?: number;
  /** `target` starts at the highest bitrate (Chromium only). */
  readonly startBitrate?: 'default' | 'target';
  /** Whether size or frame rate is kept when the network is slow. */
  readonly videoOptimizationMode?: 'default' | 'motion' | 'detail';
  /** Not supported. */
  readonly minBitrate?: number;
  /** Not supported. */
  readonly keyFrameInterval?: number;
}

/**
 * What to capture from camera and microphone; `audio` and `video` default to true.
 *
 * `videoQuality`: 1 is 320 x 240, 15 fps, 300 kbit/s; 2 (the default) is 640 x 480, 15 fps, 800 kbit/s; 3 is 1280 x 720,
 * 20 fps, 1,500 kbit/s; 4 is what `width`, `height`, `frameRate` and `bitrate` say, which count without `videoQuality` too.
 */
export interface ZegoCamera extends ZegoVideoSize, ZegoEncoding, ZegoAudioProcessing {
  readonly audio?: boolean;
  readonly video?: boolean;
  /** Device id of the microphone. */
  readonly audioInput?: string;
  /** Device id of the camera; ignored with `facingMode`. */
  readonly videoInput?: string;
  readonly facingMode?: 'user' | 'environment';
  readonly videoQuality?: 1 | 2 | 3 | 4;
  /** Highest audio bitrate, in kbit/s; default 48. */
  readonly audioBitrate?: number;
  /** Channels to capture; they are sent as one. */
  readonly channelCount?: 1 | 2;
}

/**
 * What to capture from a screen. `videoQuality`: 1 is 20 fps, 800 kbit/s; 2 (the default) is 15 fps, 1,500 kbit/s; 3 is 5 fps,
 * 2,000 kbit/s; 4 is what `frameRate` and `bitrate` say, which count without `videoQuality` too.
 */
export interface ZegoScreen extends ZegoVideoSize, ZegoEncoding, ZegoAudioProcessing {
  /** Default false. */
  readonly audio?: boolean;
  readonly videoQuality?: 1 | 2 | 3 | 4;
  /** The older spelling of `bitrate`. */
  readonly bitRate?: number;
  /** Not supported: the user chooses the screen. */
  readonly sourceID?: string;
}

/** A stream of the application's own, or a media element that is playing. */
export interface ZegoCustom extends ZegoEncoding {
  readonly source: MediaStream | HTMLMediaElement;
  /** Highest audio bitrate, in kbit/s; default 48. */
  readonly audioBitrate?: number;
  /** Not supported: audio is sent as one channel. */
  readonly channelCount?: number;
}

/** The source of a local stream; exactly one of the three, default `camera`. */
export interface ZegoLocalStreamConfig {
  readonly camera?: ZegoCamera;
  readonly screen?: boolean | ZegoScreen;
  readonly custom?: ZegoCustom;
}

/** How a `ZegoLocalStream` captures a microphone. */
export interface ZegoCaptureMicrophone extends ZegoAudioProcessing {
  /** Device id. */
  readonly input?: string;
  /** Channels to capture; they are sent as one. */
  readonly channelCount?: 1 | 2;
}

/** How a `ZegoLocalStream` captures video of any source. */
interface ZegoCaptureVideo extends ZegoVideoSize {
  /** As `videoQuality` of `createStream`, for size and frame rate and, without `videoBitrate`, the bitrate. */
  readonly quality?: 1 | 2 | 3 | 4;
  readonly optimizationMode?: 'default' | 'motion' | 'detail';
  /** Not supported. */
  readonly keyFrameInterval?: number;
}

/** How a `ZegoLocalStream` captures a camera. */
export interface ZegoCaptureCamera extends ZegoCaptureVideo {
  /** Device id; ignored with `facingMode`. */
  readonly input?: string;
  readonly facingMode?: 'user' | 'environment';
}

/** How a `ZegoLocalStream` captures a screen. */
export interface ZegoCaptureScreenVideo extends ZegoCaptureVideo {
  /** Not supported: the user chooses the screen. */
  readonly sourceID?: string;
  /** Not supported: the whole screen, window or tab is captured. */
  readonly captureElement?: HTMLElement;
}

/** How a `ZegoLocalStream` captures the audio of a screen. */
export type ZegoCaptureScreenAudio = ZegoAudioProcessing;

/** Audio of the application's own. */
export interface ZegoCustomAudio {
  readonly source: HTMLMediaElement | MediaStream;
  /** Not supported: audio is sent as one channel. */
  readonly channelCount?: 1 | 2;
}

/** Video of the application's own. */
export interface ZegoCustomVideo {
  readonly source: HTMLMediaElement | MediaStream;
  readonly optimizationMode?: 'default' | 'motion' | 'detail';
  /** Not supported. */
  readonly keyFrameInterval?: number;
}

/** How to create a `ZegoLocalStream`; exactly one source, default camera and microphone. */
export interface ZegoStreamOptions {
  /** Default true; with false, nothing is captured before a `startCapture…` call. */
  readonly autoCapture?: boolean;
  /** Plays the video in `view` as soon as it is captured; default false. */
  readonly autoPlay?: boolean;
  /** Where `playVideo` shows the stream if the call names no element. */
  readonly view?: HTMLElement;
  /** Where `playCaptureVideo` shows the stream if the call names no element. */
  readonly captureView?: HTMLElement;
  /** Whether `playCaptureVideo` may show the video in several elements; default false. */
  readonly multiplacePreview?: boolean;
  /** Highest video bitrate in kbit/s, or how the bitrate behaves; `minBitrate` is not supported. */
  readonly videoBitrate?:
    | number
    | {
        readonly bitrate?: number;
        readonly startBitrate?: 'default' | 'target';
        readonly minBitrate?: number;
      };
  /** Highest audio bitrate, in kbit/s; default 48, and of a screen the browser's. */
  readonly audioBitrate?: number;
  /** Only what is named is captured. */
  readonly camera?: {
    readonly video?: boolean | ZegoCaptureCamera;
    readonly audio?: boolean | ZegoCaptureMicrophone;
  };
  readonly screen?: {
    readonly video?: boolean | ZegoCaptureScreenVideo;
    readonly audio?: boolean | ZegoCaptureScreenAudio;
  };
  readonly custom?: { readonly video?: ZegoCustomVideo; readonly audio?: ZegoCustomAudio };
}

/** New limits of a local stream's video. */
export interface ZegoPublishStreamConfig extends ZegoVideoSize {
  /** In kbit/s. */
  readonly maxBitrate?: number;
  readonly videoQuality?: number;
}

/** New processing of a local stream's audio. */
export type ZegoPublishStreamAudioConfig = ZegoAudioProcessing;
