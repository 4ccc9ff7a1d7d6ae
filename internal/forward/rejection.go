package forward

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Rejection describes a request on the leader's internal port whose signature was not accepted. All
// of it but Reason was claimed by an unknown peer.
type Rejection struct {
	Reason     Reason
	Node       string // the name that the sender claims
	RemoteAddr string // host:port that it connected from
}

func rejectionOf(r *http.Request, reason Reason) Rejection {
	return Rejection{Reason: reason, Node: r.Header.Get(nodeHeader), RemoteAddr: r.RemoteAddr}
}

// verifyOwn verifies a request on a path that another handler may share. own is false if the
// request is not signed with the verifier's key, so that it may be for the other handler. It calls
// onReject, unless nil, for a signature that is not valid now.
func (v *Verifier) verifyOwn(r *http.Request, onReject func(Rejection)) (own bool, err error) {
	err = v.Verify(r)
	var auth *AuthError
	if !errors.As(err, &auth) {
		return true, err
	}
	switch auth.Reason {
	case ReasonAbsent, ReasonMalformed, ReasonBadMAC:
		return false, err
	}
	if onReject != nil {
		onReject(rejectionOf(r, auth.Reason))
	}
	return true, err
}

// RejectedError reports that the leader did not accept this node's signature. Nothing was written.
type RejectedError struct {
	ClockAhead time.Duration // of the leader's clock, to the second; negative: behind it
}

// rejectedBy returns the error for the intake's own 401, received at now. The leader does not
// reveal the fault of a signature. Its Date header distinguishes a wrong clock from another secret.
func rejectedBy(res *http.Response, now time.Time) *RejectedError {
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return &RejectedError{}
	}
	return &RejectedError{now.Sub(date).Truncate(time.Second)}
}

// Error implements error. It names the setting or clock that an operator must change.
func (e *RejectedError) Error() string {
	const text = "the leader rejects this node's signature: "
	switch {
	case e.ClockAhead > AuthSkew:
		return text + fmt.Sprintf("this node's clock is %s ahead of the leader's; set both by NTP", e.ClockAhead)
	case e.ClockAhead < -AuthLifetime:
		return text + fmt.Sprintf("this node's clock is %s behind the leader's; set both by NTP", -e.ClockAhead)
	default:
		return text + "set its TRIP2G_JWT_SECRET to the leader's and restart it"
	}
}
