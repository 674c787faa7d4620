// The form of a text that a signature of type 0x01 covers: every line ends with CR LF (RFC 9580 §5.2.1.2). Pure but for its own place.

const [CR, LF] = [0x0d, 0x0a];

/** Turns the chunks of a text into that form, wherever they are cut. */
export function canonicalText(): (chunk: Uint8Array) => Uint8Array {
  let before = 0;
  return (chunk) => {
    const bytes = Buffer.alloc(chunk.byteLength * 2);
    let length = 0;
    for (const byte of chunk) {
      if (byte === LF && before !== CR) {
        bytes[length] = CR;
        length += 1;
      }
      bytes[length] = byte;
      length += 1;
      before = byte;
    }
    return bytes.subarray(0, length);
  };
}
