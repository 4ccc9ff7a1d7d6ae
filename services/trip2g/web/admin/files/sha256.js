// SHA-256 (FIPS 180-4) for pages loaded over plain HTTP, where browsers have no crypto.subtle.

const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const start = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const constants = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));

class Sum {
  state = Int32Array.from(start);
  block = new Uint8Array(64);
  filled = 0;
  length = 0;
  words = new Int32Array(64);

  add(bytes) {
    this.length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + 64 - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === 64) this.mix();
    }
    return this;
  }

  mix() {
    const w = this.words;
    const view = new DataView(this.block.buffer);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15];
      const b = w[i - 2];
      w[i] = (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + w[i - 16];
    }
    let [a, b, c, d, e, f, g, h] = this.state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { this.state[i] += x; });
    this.filled = 0;
  }

  end() {
    const bits = BigInt(this.length) * 8n;
    this.add(Uint8Array.of(0x80));
    while (this.filled !== 56) this.add(Uint8Array.of(0));
    const tail = new DataView(new ArrayBuffer(8));
    tail.setBigUint64(0, bits);
    this.add(new Uint8Array(tail.buffer));
    const out = new DataView(new ArrayBuffer(32));
    this.state.forEach((x, i) => out.setInt32(4 * i, x));
    return new Uint8Array(out.buffer);
  }
}

// sha256 returns the hash of a Blob or of bytes, as 32 bytes.
export async function sha256(content) {
  if (globalThis.crypto?.subtle) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", content instanceof Blob ? await content.arrayBuffer() : content));
  }
  return slowSha256(content);
}

// slowSha256 is sha256 without the browser's implementation. It works in parts.
export async function slowSha256(content) {
  const sum = new Sum();
  if (!(content instanceof Blob)) return sum.add(content).end();
  const part = 4 << 20;
  for (let at = 0; at < content.size; at += part) sum.add(new Uint8Array(await content.slice(at, at + part).arrayBuffer()));
  return sum.end();
}
