package sqlite

import (
	"slices"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// signedIn creates a session of one hour for an address.
func signedIn(t *testing.T, db *DB, email, token string) trip2g.Session {
	t.Helper()
	user := must[trip2g.User](t)(db.UserByEmail(t.Context(), email))
	session, _, err := db.CreateSession(t.Context(), trip2g.Session{
		TokenHash: token, User: user, UserAgent: "Firefox", Address: "192.0.2.1", CreatedAt: testTime, ExpiresAt: testTime.Add(time.Hour),
	})
	ok(t, err)
	return session
}

func TestAMemberIsInvitedJoinsAndIsRemoved(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ok(t, db.EnsureOwner(ctx, "owner@example.com"))
	_, err := db.InviteMember(ctx, "Owner@example.com", testTime)
	wantCode(t, err, trip2g.ECONFLICT)

	invited := must[trip2g.Membership](t)(db.InviteMember(ctx, " Ann@Example.com ", testTime))
	if invited.Email != "ann@example.com" || invited.Owner || !invited.InvitedAt.Equal(testTime) || !invited.JoinedAt.IsZero() || invited.Sessions != 0 {
		t.Errorf("invited %+v", invited)
	}
	session := signedIn(t, db, "ann@example.com", "h1")
	if session.UserAgent != "Firefox" || session.Address != "192.0.2.1" || !session.User.JoinedAt.Equal(testTime) {
		t.Errorf("signed in as %+v", session)
	}
	again := must[trip2g.Membership](t)(db.InviteMember(ctx, "ann@example.com", testTime.Add(time.Minute)))
	if again.ID != invited.ID || !again.InvitedAt.Equal(testTime.Add(time.Minute)) || !again.JoinedAt.Equal(testTime) || again.Sessions != 1 {
		t.Errorf("invited again: %+v", again)
	}
	if members := must[[]trip2g.Membership](t)(db.Members(ctx, testTime)); len(members) != 1 || members[0] != again {
		t.Errorf("the members are %+v", members)
	}

	ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "ann@example.com", Hash: "right", ExpiresAt: testTime.Add(time.Minute)}))
	position := must[trip2g.Position](t)(db.RemoveMember(ctx, invited.ID))
	set := must[trip2g.ChangeSet](t)(db.Changes(ctx, position-1, 10))
	if set.Head != position || len(set.RemovedSessions) != 1 || set.RemovedSessions[0] != session.ID {
		t.Errorf("what follows of the removal is %+v", set)
	}
	_, err = db.SessionByTokenHash(ctx, "h1", testTime)
	wantCode(t, err, trip2g.EUNAUTHORIZED)
	_, err = db.UserByEmail(ctx, "ann@example.com")
	wantCode(t, err, trip2g.ENOTFOUND)
	wantCode(t, db.TakeSignInCode(ctx, trip2g.SignInCode{Email: "ann@example.com", Hash: "right"}, testTime, 5), trip2g.EUNAUTHORIZED)
	_, _, err = db.CreateSession(ctx, trip2g.Session{TokenHash: "h2", User: invited.User, CreatedAt: testTime, ExpiresAt: testTime.Add(time.Hour)})
	wantCode(t, err, trip2g.ENOTFOUND)
	_, err = db.RemoveMember(ctx, invited.ID)
	wantCode(t, err, trip2g.ENOTFOUND)
	if members := must[[]trip2g.Membership](t)(db.Members(ctx, testTime)); len(members) != 0 {
		t.Errorf("after the removal the members are %+v", members)
	}

	back := must[trip2g.Membership](t)(db.InviteMember(ctx, "ann@example.com", testTime.Add(time.Hour)))
	if back.ID != invited.ID || !back.JoinedAt.IsZero() || back.Sessions != 0 {
		t.Errorf("invited after the removal: %+v", back)
	}
}

func TestTheOwnerIsNotAMemberAndCannotBeRemoved(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ok(t, db.EnsureOwner(ctx, "owner@example.com"))
	owner := must[trip2g.User](t)(db.UserByEmail(ctx, "owner@example.com"))
	if members := must[[]trip2g.Membership](t)(db.Members(ctx, testTime)); len(members) != 0 {
		t.Errorf("the members are %+v", members)
	}
	_, err := db.RemoveMember(ctx, owner.ID)
	wantCode(t, err, trip2g.ENOTFOUND)
	ann := must[trip2g.Membership](t)(db.InviteMember(ctx, "ann@example.com", testTime))
	must[trip2g.Position](t)(db.RemoveMember(ctx, ann.ID))
	ok(t, db.EnsureOwner(ctx, "ann@example.com"))
	if user := must[trip2g.User](t)(db.UserByEmail(ctx, "ann@example.com")); !user.Owner {
		t.Errorf("a removed member who is made the owner is %+v", user)
	}
}

func wantIDs(t *testing.T, got, want []int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the sessions are %v, want %v", got, want)
	}
}

func TestAUserEndsTheirOtherSessions(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ok(t, db.EnsureOwner(ctx, "owner@example.com"))
	must[trip2g.Membership](t)(db.InviteMember(ctx, "ann@example.com", testTime))
	other := signedIn(t, db, "owner@example.com", "o")
	first, second, third := signedIn(t, db, "ann@example.com", "1"), signedIn(t, db, "ann@example.com", "2"), signedIn(t, db, "ann@example.com", "3")
	list := func(user int64) (ids []int64) {
		for _, s := range must[[]trip2g.Session](t)(db.Sessions(ctx, user, testTime)) {
			ids = append(ids, s.ID)
		}
		return ids
	}
	wantIDs(t, list(first.User.ID), []int64{third.ID, second.ID, first.ID})
	wantIDs(t, list(0), []int64{third.ID, second.ID, first.ID, other.ID})
	ended, position, err := db.DeleteOtherSessions(ctx, second, testTime)
	ok(t, err)
	set := must[trip2g.ChangeSet](t)(db.Changes(ctx, position-2, 10))
	if ended != 2 || set.Head != position || len(set.RemovedSessions) != 2 {
		t.Errorf("%d ended, and what follows is %+v", ended, set)
	}
	wantIDs(t, list(0), []int64{second.ID, other.ID})
	if sessions := must[[]trip2g.Session](t)(db.Sessions(ctx, 0, testTime.Add(time.Hour))); len(sessions) != 0 {
		t.Errorf("sessions past their time are listed: %+v", sessions)
	}
}
