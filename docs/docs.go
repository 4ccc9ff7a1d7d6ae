// Package docs embeds the documentation, so that a program has that of its own version.
package docs

import "embed"

// Vault holds the documentation: a vault, as any folder of notes is.
//
//go:embed *
var Vault embed.FS
