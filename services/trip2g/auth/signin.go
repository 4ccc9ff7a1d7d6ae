// Package auth authenticates people by a code sent to their email address, and programs by an API
// key. It runs on the leader.
package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/mail"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

const (
	CodeDigits      = 8
	CodeLifetime    = 10 * time.Minute
	CodeAttempts    = 5 // wrong guesses that invalidate a code
	SessionLifetime = 30 * 24 * time.Hour

	maxEmailLength = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxTokenLength = 128 // bytes; ours have 43
	tokenLength    = 32

	// minFailureTime is the minimum duration of a failed sign-in. The database counts a wrong guess
	// only if there is a code, so that the duration would otherwise reveal which addresses are users'.
	minFailureTime = 100 * time.Millisecond

	queueSize   = 64
	prepareTime = 30 * time.Second // for looking up a user and storing a code

	// Retries of a mail with a code. The mail is kept in memory, because the queue of background jobs
	// would store the code in the database, where a copy could leak it.
	mailTries   = 4
	mailTime    = 2 * time.Minute
	mailsAtOnce = 8 // so that a slow mail server does not delay others
)

// Rate limits: a burst, then one per interval. They apply per client first, so that a client cannot use up
// the limits of others: codeRate is per client and address, and addressRate, which limits the mails to an
// address, is several times that. A code has 10^8 values and 5 guesses. At four new codes a minute,
// guessing one with a probability of 1/2 takes 4.7 years, or 19 from one client.
var (
	codeRate    = rateLimit{burst: 5, interval: time.Minute}
	addressRate = rateLimit{burst: 30, interval: 15 * time.Second}
	requestRate = rateLimit{burst: 30, interval: 10 * time.Second}
	signInRate  = rateLimit{burst: 30, interval: 5 * time.Second}
)

// Mailer sends a sign-in code to an address. It is retried after an error other than EINVALID, which
// means that the address was permanently rejected. acceptLanguage is that of the request for the code.
type Mailer func(ctx context.Context, email, code, acceptLanguage string) error

// LogMailer writes codes to the server's log, at every log level, for servers without email.
func LogMailer(log zerolog.Logger) Mailer {
	return func(_ context.Context, email, code, _ string) error {
		log.Log().Str("email", email).Str("code", code).Msgf("sign-in code, valid for %.0f minutes", CodeLifetime.Minutes())
		return nil
	}
}

// Options configures a SignIn. All fields but Now and RetryMailAfter are required.
type Options struct {
	Users trip2g.UserStore
	Mail  Mailer
	Log   zerolog.Logger
	// Secret keys the stored hashes of codes, because all 10^8 codes could otherwise be tried against a
	// stolen database. It can be any secret of the server, since the key is derived with HKDF.
	Secret []byte
	// Refresh updates this node's site from the database, so that a new session is valid at once.
	Refresh func(context.Context) (trip2g.Position, error)
	Now     func() time.Time // nil: time.Now
	// RetryMailAfter is the delay before the first retry of a mail. It doubles each time. 0: 2 seconds.
	RetryMailAfter time.Duration
}

// SignIn implements trip2g.SignInService. Run sends the codes.
type SignIn struct {
	Options
	codeKey  []byte
	queue    chan codeRequest
	requests *limiter // by client
	codes    *limiter // by client and address
	byEmail  *limiter
	signIns  *limiter // by client
}

// codeRequest is a browser's request for a code to an address.
type codeRequest struct{ email, browser, acceptLanguage string }

var _ trip2g.SignInService = (*SignIn)(nil)

// NewSignIn returns the service.
func NewSignIn(o Options) (*SignIn, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RetryMailAfter == 0 {
		o.RetryMailAfter = 2 * time.Second
	}
	if len(o.Secret) == 0 {
		return nil, fmt.Errorf("sign-in needs a secret to key codes with")
	}
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "trip2g sign-in code v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of sign-in codes: %w", err)
	}
	return &SignIn{
		Options:  o,
		codeKey:  key,
		queue:    make(chan codeRequest, queueSize),
		requests: newLimiter(requestRate, o.Now),
		codes:    newLimiter(codeRate, o.Now),
		signIns:  newLimiter(signInRate, o.Now),
		byEmail:  newLimiter(addressRate, o.Now),
	}, nil
}

// RequestCode implements trip2g.SignInService. It only queues the request. Run looks up the address,
// stores the code and sends it, so that neither the response nor its duration reveals whether the
// address is a user's.
func (s *SignIn) RequestCode(ctx context.Context, email string, client trip2g.Client) error {
	email, err := normalizeEmail(email)
	if err != nil {
		return err
	}
	if err := s.requests.take(clientKey(client.Addr)); err != nil {
		return err
	}
	if err := s.codes.take(siteKey(client.Addr) + " " + email); err != nil {
		return err
	}
	if err := s.byEmail.take(email); err != nil {
		return err
	}
	owned, err := s.Users.HasOwner(ctx)
	if err != nil {
		return fmt.Errorf("look for an owner: %w", err)
	}
	if !owned {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "%s", trip2g.NoOwner)
	}
	select {
	case s.queue <- codeRequest{email, browserKey(client), client.AcceptLanguage}:
		return nil
	default:
		return &trip2g.Error{
			Code: trip2g.EUNAVAILABLE, Message: "too many people are signing in; try again in a minute", RetryAfter: time.Minute,
		}
	}
}

// Run sends the requested codes until ctx ends. Then it returns nil.
func (s *SignIn) Run(ctx context.Context) error {
	var mails errgroup.Group
	mails.SetLimit(mailsAtOnce)
	for {
		select {
		case <-ctx.Done():
			return mails.Wait()
		case request := <-s.queue:
			to, code, err := s.prepare(ctx, request)
			switch {
			case err != nil && ctx.Err() == nil:
				s.Log.Error().Err(err).Msg("a sign-in code could not be made")
			case err == nil && code != "":
				mails.Go(func() error { s.mail(ctx, to, code, request.acceptLanguage); return nil })
			}
		}
	}
}

// prepare creates and stores a code. It returns "" if the address is not a user's.
func (s *SignIn) prepare(ctx context.Context, request codeRequest) (to, code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	user, err := s.Users.UserByEmail(ctx, request.email)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("look for the user: %w", err)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", "", fmt.Errorf("make a code: %w", err)
	}
	code = fmt.Sprintf("%0*d", CodeDigits, n)
	stored := trip2g.SignInCode{Email: user.Email, Browser: request.browser, Hash: s.codeHash(user.Email, code), ExpiresAt: s.Now().Add(CodeLifetime)}
	if err := s.Users.PutSignInCode(ctx, stored); err != nil {
		return "", "", fmt.Errorf("store a code: %w", err)
	}
	return user.Email, code, nil
}

// mail sends a code, with retries.
func (s *SignIn) mail(ctx context.Context, to, code, acceptLanguage string) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.Multiplier = s.RetryMailAfter, 2
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.Mail(ctx, to, code, acceptLanguage)
		if trip2g.ErrorCode(err) == trip2g.EINVALID {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(mailTries), backoff.WithMaxElapsedTime(mailTime))
	if err != nil && ctx.Err() == nil {
		s.Log.Error().Err(err).Str("email", to).Msg("a sign-in code could not be mailed: check the TRIP2G_SMTP_ settings; without them codes are written to this log")
	}
}

// SignIn implements trip2g.SignInService.
func (s *SignIn) SignIn(ctx context.Context, email, code string, client trip2g.Client) (string, trip2g.Session, trip2g.Position, error) {
	if err := s.signIns.take(clientKey(client.Addr)); err != nil {
		return "", trip2g.Session{}, 0, err
	}
	floor := time.After(minFailureTime)
	token, session, position, err := s.signIn(ctx, email, code, client)
	if err != nil {
		select {
		case <-floor:
		case <-ctx.Done():
		}
	}
	return token, session, position, err
}

func (s *SignIn) signIn(ctx context.Context, email, code string, client trip2g.Client) (token string, session trip2g.Session, position trip2g.Position, err error) {
	refused := trip2g.Errorf(trip2g.EUNAUTHORIZED, "the code is wrong or out of date, or another browser asked for it; ask for a new one here")
	email, err = normalizeEmail(email)
	if err != nil {
		return "", trip2g.Session{}, 0, err
	}
	guess := trip2g.SignInCode{Email: email, Browser: browserKey(client), Hash: s.codeHash(email, cleanCode(code))}
	err = s.Users.TakeSignInCode(ctx, guess, s.Now(), CodeAttempts)
	if trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
		return "", trip2g.Session{}, 0, refused
	}
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("take a sign-in code: %w", err)
	}
	user, err := s.Users.UserByEmail(ctx, email)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
		return "", trip2g.Session{}, 0, refused
	}
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("find who signs in: %w", err)
	}
	return s.beginSession(ctx, user, client)
}

// codeHash returns the stored hash of a code, which depends on the address.
func (s *SignIn) codeHash(email, code string) string {
	mac := hmac.New(sha256.New, s.codeKey)
	mac.Write([]byte(email + "\x00" + code))
	return hex.EncodeToString(mac.Sum(nil))
}

// normalizeEmail returns a bare address in lower case.
func normalizeEmail(email string) (string, error) {
	email = trip2g.FoldEmail(email)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmailLength {
		return "", &trip2g.Error{
			Code:    trip2g.EINVALID,
			Message: "this is no e-mail address; give one like name@example.com",
			Fields:  []trip2g.FieldError{{Name: "email", Value: "is no e-mail address"}},
		}
	}
	return email, nil
}

// cleanCode removes the spaces and dashes that people copy with a code.
func cleanCode(code string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "", "\n", "", "\r", "").Replace(code)
}
