/** Smallest room that is made; most answers of a tool call fit into a few of them. */
const firstBytes = 4_096;

/**
 * What a client has of an answer, in one piece of memory that doubles. The chunks themselves are not kept: each is an object with memory of its
 * own, several times its bytes, and lives for as long as its stream.
 */
export class KeptBytes {
  private readonly mostBytes: number;
  private room: Buffer | null = null;
  private usedBytes = 0;
  private isTooLong = false;

  /** What grows longer than `mostBytes` is not kept at all. */
  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  push(bytes: Buffer): void {
    if (this.isTooLong) return;
    const neededBytes = this.usedBytes + bytes.length;
    if (neededBytes > this.mostBytes) {
      this.isTooLong = true;
      this.clear();
      return;
    }
    if (this.room === null || neededBytes > this.room.length) this.grow(neededBytes);
    if (this.room !== null) bytes.copy(this.room, this.usedBytes);
    this.usedBytes = neededBytes;
  }

  /** A copy of all that was pushed; empty where it was too long. */
  toBuffer(): Buffer {
    return Buffer.from(this.room?.subarray(0, this.usedBytes) ?? []);
  }

  clear(): void {
    this.room = null;
    this.usedBytes = 0;
  }

  private grow(neededBytes: number): void {
    let roomBytes = this.room?.length ?? firstBytes;
    while (roomBytes < neededBytes) roomBytes *= 2;
    // Not from Buffer's pool, of which a small part would hold the whole.
    const room = Buffer.allocUnsafeSlow(Math.min(roomBytes, this.mostBytes));
    this.room?.copy(room, 0, 0, this.usedBytes);
    this.room = room;
  }
}
