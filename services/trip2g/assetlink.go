package trip2g

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// AssetLinkLifetime is the lifetime of a signed asset URL. Copying a large vault takes less.
const AssetLinkLifetime = time.Hour

// AssetSigner signs URLs of assets that are not public. The API returns such a URL, and its
// recipient can download the file from every node for AssetLinkLifetime, because all nodes share
// the secret.
type AssetSigner struct{ key []byte }

// NewAssetSigner returns a signer with the secret of all nodes, TRIP2G_JWT_SECRET.
func NewAssetSigner(secret string) *AssetSigner {
	// A derived key, so that no other signature with the same secret is valid here.
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("trip2g asset link 1"))
	return &AssetSigner{mac.Sum(nil)}
}

// Query returns the query string that signs the URL of the file with this hash.
func (s *AssetSigner) Query(hash string, now time.Time) string {
	until := strconv.FormatInt(now.Add(AssetLinkLifetime).Unix(), 10)
	return url.Values{"until": {until}, "signature": {s.signature(hash, until)}}.Encode()
}

// Allows reports whether query is one that Query returned for this hash, and has not expired.
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
