package organization

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

// Status is what a claim to a domain is worth.
type Status string

const (
	Claimed  Status = "claimed"  // proves nothing
	Verified Status = "verified" // its DNS names this organisation: at most one has it
	Lapsed   Status = "lapsed"   // was verified, and its DNS names the organisation no more
)

// Domain is an e-mail domain of an organisation.
type Domain struct {
	Organization ID
	Name         string // lower-case ASCII
	Status       Status
	VerifiedAt   time.Time // zero: never
	CheckedAt    time.Time // last look at its DNS; zero: never
	FailingSince time.Time // first look in a row that did not find the record; zero: the last did
}

const (
	// CheckEvery is how often the DNS of a verified domain is looked at again.
	CheckEvery = 24 * time.Hour
	// Grace is how long a verified domain may be without its record.
	Grace = 7 * 24 * time.Hour
	// Unreachable is how long its DNS may give no answer at all.
	Unreachable = 30 * 24 * time.Hour
)

// Over reports whether a verified domain whose record was not found at now has lapsed.
// absent: its DNS says that there is none, and does not merely fail to answer.
func (d Domain) Over(absent bool, now time.Time) bool {
	if d.FailingSince.IsZero() {
		return false
	}
	failing := now.Sub(d.FailingSince)
	return absent && failing >= Grace || failing >= Unreachable
}

// Resolver asks the DNS.
type Resolver interface {
	// TXT returns the TXT records of a name. ErrNoRecord when the DNS says that it has
	// none; any other error means that it did not answer.
	TXT(ctx context.Context, name string) ([]string, error)
}

// ErrNoRecord: the DNS answers, and there is no such record.
var ErrNoRecord = errors.New("organization: there is no such record")

const (
	recordLabel  = "_mortise."
	recordPrefix = "mortise-domain-verification="
)

// RecordName is where the DNS of a domain names the organisation that has it.
func RecordName(domain string) string { return recordLabel + domain }

// RecordValue is what stands there for a token.
func RecordValue(token string) string { return recordPrefix + token }

// Find looks for the record of token: nil, ErrNoRecord, or why the DNS gave no answer.
// Other records beside it do not matter: other instances have theirs.
func Find(ctx context.Context, r Resolver, domain, token string) error {
	all, err := r.TXT(ctx, RecordName(domain))
	if err == nil && !slices.Contains(all, RecordValue(token)) {
		return ErrNoRecord
	}
	return err
}

//go:embed publicmail.txt
var publicMail string

var publicDomains = func() map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(publicMail) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all[line] = true
		}
	}
	return all
}()

// Public reports whether anybody may get an address in a domain, or below it.
func Public(domain string) bool {
	for domain != "" {
		if publicDomains[domain] {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}

var (
	ErrPublicDomain  = problem.New(problem.Unprocessable, "public_domain", "Anybody can have an address in that domain, so no organisation can have it. Use a domain of your own.")
	ErrDomainUnknown = problem.New(problem.NotFound, "domain_unknown", "The organisation has no such domain. Add it first.")
	ErrDomainTaken   = problem.New(problem.Conflict, "domain_taken", "Another organisation has verified this domain. It has to be removed there first.")
	ErrDomainRecord  = problem.New(problem.Unprocessable, "domain_record_missing", "The domain's DNS does not have the TXT record yet. Add it as shown and try again; changes can take an hour to be seen.")
	ErrDomainDNS     = problem.New(problem.Unavailable, "domain_dns_unavailable", "The domain's DNS does not answer right now. Try again in a few minutes.")

	DomainAdded    = audit.Define("org.domain_added", audit.Notice, "")
	DomainRemoved  = audit.Define("org.domain_removed", audit.Warning, "")
	DomainVerified = audit.Define("org.domain_verified", audit.Critical, "")
	DomainLapsed   = audit.Define("org.domain_lapsed", audit.Critical, "")
)

// Domains keeps which domains organisations have shown to own. What they claim is the
// list of the Organization; a domain that leaves it is verified no more.
type Domains interface {
	// DomainsOf returns the domains of an organisation, in the order they are claimed. ErrUnknown.
	DomainsOf(ctx context.Context, id ID) ([]Domain, error)
	// VerifyDomain makes a claimed domain verified. ErrUnknown, ErrDomainUnknown;
	// ErrDomainTaken when another organisation has it verified.
	VerifyDomain(ctx context.Context, id ID, name string, now time.Time, ev audit.Event) error
	// VerifiedBy returns who has a domain verified, or ErrDomainUnknown.
	VerifiedBy(ctx context.Context, name string) (ID, error)
	// DomainsDue returns verified domains whose DNS was last looked at before the given
	// time, longest ago first, at most limit.
	DomainsDue(ctx context.Context, before time.Time, limit int) ([]Domain, error)
	// CheckDomain notes a look at now at the DNS of a verified domain: FailingSince is
	// kept. ErrDomainUnknown when it is not verified any more, or d.CheckedAt is not
	// the look before this one: somebody else looks after it.
	CheckDomain(ctx context.Context, d Domain, now time.Time) error
	// LapseDomain makes a verified domain lapsed, if its last look still is d.CheckedAt,
	// else ErrDomainUnknown.
	LapseDomain(ctx context.Context, d Domain, ev audit.Event) error
}
