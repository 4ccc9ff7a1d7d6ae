package trip2g

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// AssetLinkLifetime is how long a signed address of a file is good: a large vault is copied in less.
const AssetLinkLifetime = time.Hour

// AssetSigner signs the addresses of files that not everybody may read, so that who was given one by
// the API can download the file from any node as it is, for AssetLinkFor. All nodes share the secret.
type AssetSigner struct{ key []byte }

// NewAssetSigner makes one with the secret of all nodes, TRIP2G_JWT_SECRET.
func NewAssetSigner(secret string) *AssetSigner {
	// A key of its own: no other signature of that secret can stand for one of these.
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("trip2g asset link 1"))
	return &AssetSigner{mac.Sum(nil)}
}

// Query returns what to put behind "?" of the address of the file with this hash.
func (s *AssetSigner) Query(hash string, now time.Time) string {
	until := strconv.FormatInt(now.Add(AssetLinkLifetime).Unix(), 10)
	return url.Values{"until": {until}, "signature": {s.signature(hash, until)}}.Encode()
}

// Allows reports whether query, of a request for the file with this hash, is what Query gave, and still good.
func (s *AssetSigner) Allows(hash string, query url.Values, now time.Time) bool {
	until := query.Get("until")
	end, err := strconv.ParseInt(until, 10, 64)
	return err == nil && now.Unix() <= end && hmac.Equal([]byte(query.Get("signature")), []byte(s.signature(hash, until)))
}

func (s *AssetSigner) signature(hash, until string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(hash + "\n" + until))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
