/**
 * The codes that the client finds by itself (reference zego 4.6), to be used as `CODES.notLoggedIn`. They are constants of a
 * module and not members of an object, so that a bundle has their numbers and not their names.
 *
 * @module
 */

/** Ok. */
export const ok = 0;
/** Not logged in. */
export const notLoggedIn = 1000002;
/** Stream id too long. */
export const streamIdTooLong = 1000014;
/** Stream id empty. */
export const streamIdEmpty = 1000015;
/** Stream id illegal. */
export const streamIdIllegal = 1000016;
/** Network broken. */
export const networkBroken = 1000017;
/** User id empty. */
export const userIdEmpty = 1002005;
/** User id illegal. */
export const userIdIllegal = 1002006;
/** User id too long. */
export const userIdTooLong = 1002007;
/** User name too long. */
export const userNameTooLong = 1002010;
/** Room id empty. */
export const roomIdEmpty = 1002011;
/** Room id illegal. */
export const roomIdIllegal = 1002012;
/** Room id too long. */
export const roomIdTooLong = 1002013;
/** Room not logged in. */
export const roomNotLoggedIn = 1002014;
/** Room info key too long. */
export const roomInfoKeyTooLong = 1002015;
/** Room info value too long. */
export const roomInfoValueTooLong = 1002016;
/** Room info full. */
export const roomInfoFull = 1002017;
/** Broadcast too often. */
export const broadcastTooOften = 1009015;
/** Too often. */
export const tooOften = 1109001;
/** Different user. */
export const differentUser = 1002018;
/** Multi room not enabled. */
export const multiRoomNotEnabled = 1002036;
/** Too many rooms. */
export const tooManyRooms = 1002037;
/** Logged in twice. */
export const loggedInTwice = 1002056;
/** Gave up. */
export const gaveUp = 1002053;
/** Extra info too long. */
export const extraInfoTooLong = 1003051;
/** Message empty. */
export const messageEmpty = 1009001;
/** Message too long. */
export const messageTooLong = 1009002;
/** Message failed. */
export const messageFailed = 1009010;
/** Bad parameter. */
export const badParameter = 1100001;
/** A service whose module is not loaded, or which Gavel does not have. */
export const moduleNotImported = 1101003;
/** Log upload failed. */
export const uploadFailed = 1102025;
/** Media server failed. */
export const mediaServerFailed = 1102023;
/** The argument is no local stream. */
export const notALocalStream = 1000018;
/** An option of a local stream or of publishing is wrong. */
export const badPublishParameter = 1103001;
/** Device list failed. */
export const deviceListFailed = 1103011;
/** Screen refused. */
export const screenRefused = 1103042;
/** Screen not supported. */
export const screenNotSupported = 1103043;
/** There is no camera in the stream. */
export const noVideoInStream = 1103045;
/** There is no microphone in the stream. */
export const noAudioInStream = 1103046;
/** Track not found. */
export const trackNotFound = 1103047;
/** Publish retry timeout. */
export const publishRetryTimeout = 1103051;
/** The page has no secure context. */
export const httpsRequired = 1103053;
/** Specific to Gavel: the vendor lists no code for a stream with a missing kind (MED-8). */
export const publishKindUnsupported = 1103999;
/** Specific to Gavel: a viewer cannot decode a kind of an own stream (MED-8). */
export const viewerKindUnsupported = 1103998;
/** No such publish. */
export const noSuchPublish = 1103055;
/** Already publishing. */
export const alreadyPublishing = 1103056;
/** The browser opens no camera or microphone, for whatever other reason; also if there is none. */
export const captureFailed = 1103061;
/** Device not allowed. */
export const deviceNotAllowed = 1103064;
/** Device not readable. */
export const deviceNotReadable = 1103065;
/** No device meets the constraints, or the device id is wrong. */
export const deviceOverconstrained = 1103066;
/** The stream has a track of this kind. */
export const cannotAddTrack = 1103067;
/** Beauty effects not supported. */
export const beautyNotSupported = 1103072;
/** Not a zego stream. */
export const notAZegoStream = 1103086;
/** Zego stream without audio. */
export const zegoStreamWithoutAudio = 1103087;
/** Zego stream without video. */
export const zegoStreamWithoutVideo = 1103088;
/** Audio output failed. */
export const audioOutputFailed = 1103093;
/** A stream of `createZegoStream` that captures nothing was to be published. */
export const notCapturing = 1103099;
/** Bad play parameter. */
export const badPlayParameter = 1104001;
/** Microphone ended. */
export const microphoneEnded = 1106009;
/** Camera ended. */
export const cameraEnded = 1106010;
/** Play retry timeout. */
export const playRetryTimeout = 1104031;
/** Specific to Gavel, as `publishKindUnsupported`. */
export const playKindUnsupported = 1104999;
/** Already playing. */
export const alreadyPlaying = 1104032;
