package trip2g

import (
	"net/url"
	"path"
	"strings"
)

// VaultNameHeader is the request header of a commit in which a client tells the name of its folder,
// percent-encoded.
const VaultNameHeader = "X-Vault-Name"

// maxVaultName bounds the name of a folder, in bytes, as file systems do.
const maxVaultName = 255

// EncodeVaultName returns what VaultNameHeader says for a name.
func EncodeVaultName(name string) string { return url.PathEscape(name) }

// DecodeVaultName returns the name that VaultNameHeader has, "" if it has none that is fit to be shown.
func DecodeVaultName(header string) string {
	name, err := url.PathUnescape(header)
	name = path.Base(strings.TrimSpace(name))
	if err != nil || len(name) > maxVaultName || !IsPlainText(name) || strings.Trim(name, "./") == "" {
		return ""
	}
	return name
}
