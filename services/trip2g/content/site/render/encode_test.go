package render

import (
	"testing"

	"trip2g/services/trip2g"
)

func TestATinyBodyIsNotEncoded(t *testing.T) {
	plain := &trip2g.Body{Bytes: []byte("<p>short</p>"), ETag: `"x"`, Length: "12"}
	for _, coding := range Codings {
		if b := encode(plain, "x", coding); b != plain {
			t.Errorf("%s makes %s bytes of 12", coding, b.Length)
		}
	}
}
