// Why an upload was refused: the causes there are, each with words. Pure.

import type { No } from '../malformed.ts';

export type RefusalCause =
  /** What was sent is no request of this protocol. */
  | 'wrong'
  /** The name is taken, by a file or by an upload on its way. */
  | 'taken'
  | 'too-large'
  /** The disk is too full. */
  | 'no-room'
  /** Too many at once; later it may do. */
  | 'busy'
  /** No such upload, any more or ever. */
  | 'gone'
  /** The bytes belong elsewhere in the file. */
  | 'other-offset'
  /** A piece is not what its sender's checksum says; the upload stands as it did before it. */
  | 'damaged-piece'
  /** The whole is not what its sender said; the upload is dropped. */
  | 'other-content'
  /** The connection broke in the middle of what cannot be resumed. */
  | 'cut';

export type Refused = { readonly kind: 'refused'; readonly cause: RefusalCause; readonly why: No };

export function refused(cause: RefusalCause, why: No): Refused {
  return { kind: 'refused', cause, why };
}
