// What people call the codecs that cameras send.
const NAMES = { h264: 'H.264', h265: 'H.265', mjpeg: 'MJPEG' };

/** A codec that has no name here keeps the server's. */
export const codecName = (codec: keyof typeof NAMES): string => NAMES[codec] ?? codec;
