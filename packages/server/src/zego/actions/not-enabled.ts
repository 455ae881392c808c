/**
 * Actions of services that Gavel does not have; the response is the one for an App that has not enabled the service
 * (reference zego 2.5, 2.6).
 *
 * @module
 */

/** The names, by service. */
export const NOT_ENABLED: Readonly<Record<string, readonly string[]>> = {
  CDN: [
    'ForbidCDNLiveStream',
    'ResumeCDNLiveStream',
    'QueryForbidCDNLiveStream',
    'CreatCDNTransferRule',
    'DeleteCDNTransferRule',
    'ClearCDNTransferRule',
    'RTMPDispatch',
    'RTMPDispatchV2',
  ],
  'CDN media': [
    'StartCDNRecord',
    'StopCDNRecord',
    'SearchMedia',
    'DeleteMedia',
    'MergeMedia',
    'DescribeMediaTask',
    'TranscodeMedia',
    'MediaThumbnails',
  ],
  Mixing: [
    'StartMix',
    'StopMix',
    'StartAutoMix',
    'StopAutoMix',
    'StartCloudTranscode',
    'StopCloudTranscode',
    'GetMixTaskInfo',
  ],
  Moderation: [
    'StartCensorAudioV2',
    'StopCensorAudioV2',
    'StartCensorVideoV2',
    'StopCensorVideoV2',
    'GenerateIdentifyToken',
  ],
  Recording: [
    'StartRecord',
    'StopRecord',
    'UpdateLayout',
    'UpdateWhiteboard',
    'DescribeRecordStatus',
    'DescribeTasks',
    'PauseRecord',
    'ResumeRecord',
    'TakeSnapshot',
  ],
  'Scene templates': ['SetSceneTemplate'],
};

const names: ReadonlySet<string> = new Set(Object.values(NOT_ENABLED).flat());

/** Returns whether an Action belongs to a service that Gavel does not have. */
export function isNotEnabled(action: string): boolean {
  return names.has(action);
}
