package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
)

func TestAStrangersAddressGetsTheSameAnswerAndNoMail(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.RequestCode(t.Context(), "stranger@example.com", client); err != nil {
		t.Errorf("a stranger's address: %v", err)
	}
	// Codes are made one after the other: when the owner's is there, the stranger's would be too.
	e.code(owner)
	if n := len(e.mails); n != 0 {
		t.Errorf("%d more mails went out", n)
	}
	known, stranger := e.signIn(owner, "1"), e.signIn("stranger@example.com", "1")
	e.wantRefused("a stranger", stranger)
	if known == nil || known.Error() != stranger.Error() {
		t.Errorf("a user's refusal %q differs from a stranger's %q", known, stranger)
	}
}

func TestAMailThatFailsIsTriedAgainAndARefusedOneIsNot(t *testing.T) {
	t.Parallel()
	var tries, refusals atomic.Int32
	e := startWith(t, func(_ context.Context, email string) error {
		if email == "refused@example.com" {
			refusals.Add(1)
			return trip2g.Errorf(trip2g.EINVALID, "no such mailbox")
		}
		if tries.Add(1) < 3 {
			return errors.New("connection refused")
		}
		return nil
	})
	if _, err := e.db.InviteMember(t.Context(), "refused@example.com", e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := e.RequestCode(t.Context(), "refused@example.com", client); err != nil {
		t.Fatal(err)
	}
	if err := e.signIn(owner, e.code(owner)); err != nil {
		t.Errorf("the code of the third try: %v", err)
	}
	if tries.Load() != 3 || refusals.Load() != 1 {
		t.Errorf("%d tries, and %d of a mail that was refused for good", tries.Load(), refusals.Load())
	}
}

func TestOneSlowMailDoesNotHoldAnother(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	e := startWith(t, func(ctx context.Context, email string) error {
		if email == owner {
			return nil
		}
		select {
		case <-never:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	if _, err := e.db.InviteMember(t.Context(), "slow@example.com", e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := e.RequestCode(t.Context(), "slow@example.com", client); err != nil {
		t.Fatal(err)
	}
	e.code(owner)
}

func TestTheLogTellsTheCodeAtEveryLevel(t *testing.T) {
	var log bytes.Buffer
	if err := auth.LogMailer(zerolog.New(&log).Level(zerolog.ErrorLevel))(t.Context(), owner, "01234567", ""); err != nil {
		t.Fatal(err)
	}
	var line struct{ Email, Code string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Email != owner || line.Code != "01234567" {
		t.Errorf("the log has %q (%v)", log.String(), err)
	}
}
