package trip2g

import (
	"net/url"
	"path"
	"strings"
)

// VaultNameHeader is the request header with the percent-encoded name of the client's folder, sent
// with a commit.
const VaultNameHeader = "X-Vault-Name"

// maxVaultName limits the name of a folder, in bytes, as file systems do.
const maxVaultName = 255

// EncodeVaultName returns the value of VaultNameHeader for a name.
func EncodeVaultName(name string) string { return url.PathEscape(name) }

// DecodeVaultName returns the name in VaultNameHeader, "" if it is not fit for display.
func DecodeVaultName(header string) string {
	name, err := url.PathUnescape(header)
	name = path.Base(strings.TrimSpace(name))
	if err != nil || len(name) > maxVaultName || !IsPlainText(name) || strings.Trim(name, "./") == "" {
		return ""
	}
	return name
}
