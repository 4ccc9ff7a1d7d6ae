package trip2g_test

import (
	"net/url"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// TestASignedAddressIsGoodForItsFileAndItsTime tries to misuse one signed URL.
func TestASignedAddressIsGoodForItsFileAndItsTime(t *testing.T) {
	signer, now := trip2g.NewAssetSigner("a secret that all nodes share"), time.Unix(1_800_000_000, 0)
	query, err := url.ParseQuery(signer.Query("aa", now))
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) url.Values {
		out := url.Values{"until": query["until"], "signature": query["signature"]}
		out.Set(name, value)
		return out
	}
	for name, tt := range map[string]struct {
		signer *trip2g.AssetSigner
		hash   string
		query  url.Values
		at     time.Time
		want   bool
	}{
		"at once":              {signer, "aa", query, now, true},
		"on another node":      {trip2g.NewAssetSigner("a secret that all nodes share"), "aa", query, now, true},
		"at its end":           {signer, "aa", query, now.Add(trip2g.AssetLinkLifetime), true},
		"after its end":        {signer, "aa", query, now.Add(trip2g.AssetLinkLifetime + time.Second), false},
		"another file":         {signer, "ab", query, now, false},
		"a longer time":        {signer, "aa", with("until", "1900000000"), now, false},
		"no number":            {signer, "aa", with("until", "never"), now, false},
		"another signature":    {signer, "aa", with("signature", "AAAA"), now, false},
		"no signature":         {signer, "aa", url.Values{"until": query["until"]}, now, false},
		"nothing":              {signer, "aa", nil, now, false},
		"another set of nodes": {trip2g.NewAssetSigner("another secret of other nodes"), "aa", query, now, false},
	} {
		if got := tt.signer.Allows(tt.hash, tt.query, tt.at); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
