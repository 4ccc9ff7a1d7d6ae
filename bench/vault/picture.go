package vault

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
)

// picture returns a PNG image of noise, which does not compress: 1 to 50 KB.
func picture(r *rand.Rand) []byte {
	side := 32 + r.IntN(193)
	noise := image.NewGray(image.Rect(0, 0, side, side))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, noise); err != nil {
		panic(err) // writes to a bytes.Buffer do not fail
	}
	return b.Bytes()
}
