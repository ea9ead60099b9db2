/**
 * The text of a response, decompressed.
 *
 * @param maximumBytes largest number of bytes after decompression
 * @throws when the body is larger; the rest is not read
 */
export async function boundedText(response: Response, maximumBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maximumBytes) {
      throw new Error(`the answer is larger than ${maximumBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
