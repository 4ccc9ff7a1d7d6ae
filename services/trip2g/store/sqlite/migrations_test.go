package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"
)

// landedMigrations has the SHA-256 of each migration. Editing one would create two kinds of
// databases with the same schema version: write a new file and add it here.
var landedMigrations = map[string]string{
	"00001_initial.sql":       "28a1586dd35f13a91d9b4b34eb49240b1dd4187835d483d504370669eed24588",
	"00002_lineages.sql":      "65b7e84798d08447b5b27038a757385a4f01c64d88708657e164ba4a77ad3b2e",
	"00003_publishing.sql":    "e487f768ae99d673acf1082892fb746e32c125d0d0fc5ccd1d499ff5b901c7be",
	"00004_stages.sql":        "5dfa7a8a1abd1dcae7d6b0356a6bc14608eed3521ac9cce2d61cba1a2b7c4a80",
	"00005_access.sql":        "823269a082a08d6a527c261e173fda1bcd6a4f0b700999e67064a7a61bf77d35",
	"00006_files.sql":         "01461a4b39725aa56432509cbe191f58d9507a8582ca5b8d75ea2458d227a01a",
	"00007_key_scopes.sql":    "a215355faa50c55c9aabad3ead04ce3beac33a53bae5856ff5b550b160a55b31",
	"00008_sign_in_codes.sql": "c19cd4c9d4c826707d7c361e05ce10b37c2a25987d2d5cb7e56122b5c9864a3a",
}

func TestAReleasedMigrationIsNeverEdited(t *testing.T) {
	files := embeddedMigrations()
	names, err := fs.Glob(files, "*.sql")
	ok(t, err)
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		ok(t, err)
		sum := sha256.Sum256(content)
		switch got, landed := hex.EncodeToString(sum[:]), landedMigrations[name]; {
		case landed == "":
			t.Errorf("%s is new: add its checksum %s to landedMigrations", name, got)
		case got != landed:
			t.Errorf("%s has been edited: databases that have run it stay as they are, so put the change into a new migration", name)
		}
	}
	if len(names) < len(landedMigrations) {
		t.Errorf("of %d migrations that landed %d are left", len(landedMigrations), len(names))
	}
}
