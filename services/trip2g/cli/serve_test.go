package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"trip2g/services/trip2g/ops/config"
)

func TestAWrongSettingStopsTheStart(t *testing.T) {
	t.Setenv("TRIP2G_LISTEN_ADR", ":1")
	t.Chdir(t.TempDir())
	var errs bytes.Buffer
	if code := Run(t.Context(), []string{"--log-level", "loud"}, io.Discard, &errs); code != exitUsage {
		t.Errorf("it ended with %d, want %d", code, exitUsage)
	}
	for _, want := range []string{config.Prefix + "LISTEN_ADDR", config.Prefix + "LOG_LEVEL"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("the message lacks %s:\n%s", want, &errs)
		}
	}
}
