package settings

import (
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Settings is everything that can be set for one process. A field's tags give
// its key, its default, further variables beside the derived one (env), the
// only values it takes (enum) and the least and most it may be (min, max).
type Settings struct {
	// The public address, without a slash at the end: https://id.example.org.
	// Links, cookies and the issuer of tokens follow from it, so it must be the
	// address that people type. mortise serve needs it.
	URL string `key:"url"`
	// Where to listen for people and programs: host:port. When nothing else sets
	// it, the variable PORT does.
	Listen string `key:"listen" default:"127.0.0.1:8080"`
	// The folder of the database, of its lock and of the socket that commands
	// use. It belongs to the user the server runs as and has mode 0700.
	Data string `key:"data" default:"mortise-data" path:"true"`
	// The key that everything secret in the store is sealed with: base64 of 32
	// random bytes. mortise init makes one and keeps it outside the data folder.
	// Lose it, and what it sealed is lost. mortise serve needs it.
	SecretKey secret.Text `key:"secret_key"`
	// Proxies in front of Mortise whose forwarding headers are believed: addresses,
	// CIDR ranges, loopback, or unix for those on a unix socket; forwarded= before
	// one marks proxies that write Forwarded (RFC 7239). Empty: nobody's.
	TrustedProxies []string `key:"trusted_proxies"`

	Admin     Admin     `key:"admin"`
	Database  Database  `key:"database"`
	Redis     Redis     `key:"redis"`
	SMTP      SMTP      `key:"smtp"`
	Mail      Mail      `key:"mail"`
	HTTP      HTTP      `key:"http"`
	TLS       TLS       `key:"tls"`
	Egress    Egress    `key:"egress"`
	Log       Log       `key:"log"`
	OTel      OTel      `key:"otel"`
	Brand     Brand     `key:"brand"`
	Signup    Signup    `key:"signup"`
	Password  Password  `key:"password"`
	Passkeys  Passkeys  `key:"passkeys"`
	SignIn    SignIn    `key:"signin"`
	Phone     Phone     `key:"phone"`
	Session   Session   `key:"session"`
	Retention Retention `key:"retention"`

	Registration Registration `key:"registration"`
	Geo          Geo          `key:"geo"`
}

// Admin is the listener for operators.
type Admin struct {
	// Where metrics and profiles are served: host:port, on loopback. Empty: nowhere.
	Listen string `key:"listen" default:"127.0.0.1:8081" env:"MORTISE_ADMIN_LISTEN"`
}

// Database says where accounts are kept.
type Database struct {
	// A PostgreSQL 15 or newer, as postgres://user:password@host/name. Empty:
	// SQLite in the data folder.
	URL secret.Text `key:"url" env:"MORTISE_DATABASE_URL"`
}

// Redis is for several processes that share limits and wake each other.
type Redis struct {
	// A Redis-compatible server, as redis://user:password@host:port/0 or rediss://….
	// Only what may be lost is kept there. When it is away, each process counts its
	// share of each limit. Empty: each process counts by itself.
	URL secret.Text `key:"url" env:"MORTISE_REDIS_URL"`
}

// SMTP is the server that takes our mail.
type SMTP struct {
	// smtp://user:password@host:587 (STARTTLS required) or smtps://…:465 (TLS
	// from the start). Empty: mail waits in the outbox.
	URL secret.Text `key:"url" env:"MORTISE_SMTP_URL"`
}

// Mail is what our mail says about its sender.
type Mail struct {
	// The sender: an address, or a name and an address: Example <id@example.org>.
	// Empty: mortise@ and the host of url.
	From string `key:"from"`
}

// HTTP is about connections without TLS.
type HTTP struct {
	// Where to answer plain http with a redirect to url, and ACME challenges:
	// host:port, usually :80. Empty: nowhere.
	RedirectListen string `key:"redirect_listen"`
	// Serve plain http on an address that is not loopback. Only for a proxy that
	// ends TLS on a network nobody else is on: passwords cross it in the clear.
	InsecurePlain bool `key:"insecure_plain" default:"false"`
}

// TLS is about our own certificate. Without either kind, Mortise speaks plain http.
type TLS struct {
	// The certificate chain in PEM. Read again when it changes, and on SIGHUP.
	CertFile string `key:"cert_file" path:"true"`
	// The private key of cert_file in PEM.
	KeyFile string `key:"key_file" path:"true"`
	ACME    ACME   `key:"acme"`
}

// ACME fetches and renews a certificate by itself.
type ACME struct {
	// Get certificates from an ACME authority. By this you accept its terms.
	Enabled bool `key:"enabled" default:"false"`
	// Where the authority may write about the certificate.
	Email string `key:"email"`
	// The directory of the authority.
	DirectoryURL string `key:"directory_url" default:"https://acme-v02.api.letsencrypt.org/directory"`
	// The names to get certificates for. Empty: the host of url.
	Domains []string `key:"domains"`
}

// Egress is about calls from Mortise to elsewhere.
type Egress struct {
	// Private destinations that outbound calls may reach all the same: host:port,
	// CIDR ranges, or the beginnings of URLs.
	Allow []string `key:"allow" env:"MORTISE_EGRESS_ALLOW"`
}

// SignIn says how people may sign in, beside password and passkey.
type SignIn struct {
	// With a code or a link by mail, in the place of a password. Whoever reads
	// somebody's mail then is them, unless they have a second factor. Always on in
	// mortise dev.
	EmailCode bool `key:"email_code" default:"false"`
}

// Phone is about codes that are sent to phones as a second step. Money is counted in
// thousandths of whatever the provider bills in.
type Phone struct {
	// Who sends them: nobody (off), or Twilio and all who speak its HTTP interface
	// (twilio). In mortise dev they land beside the mails.
	Driver string `key:"driver" default:"off" enum:"off,twilio"`
	// Where that interface is. Empty: Twilio's.
	URL string `key:"url"`
	// The account at the provider: AC….
	Account string `key:"account"`
	// Its token.
	Token secret.Text `key:"token"`
	// Who they are from: a number, a name, or a messaging service (MG…).
	From string `key:"from"`
	// Read codes out in calls too, for people who ask for it.
	Voice bool `key:"voice" default:"false"`
	// Beginnings of the numbers that codes go to: +49,+43. Empty: all but those of
	// paid services.
	Prefixes []string `key:"prefixes"`
	// The most messages to one number in a day (UTC).
	PerNumber int `key:"per_number" default:"5" min:"1" max:"1000"`
	// The most messages in a day to the numbers that share country code and three digits.
	PerRange int `key:"per_range" default:"50" min:"1" max:"1000000"`
	// The most messages to one country in a day.
	PerCountry int `key:"per_country" default:"500" min:"1" max:"10000000"`
	// What may be spent in a day, in thousandths: the hard cap.
	DailySpend int `key:"daily_spend" default:"10000" min:"1" max:"1000000000"`
	// What a message or call costs, in thousandths, unless prices know better.
	Price int `key:"price" default:"100" min:"1" max:"1000000"`
	// What it costs by the beginning of the number: +1=8,+49=75. The longest counts.
	Prices []string `key:"prices"`
}

// Passkeys says which passkeys people may use, and where.
type Passkeys struct {
	// The domain that passkeys are bound to: the host of url, or a parent of it.
	// Changing it later loses every passkey. Empty: the host of url.
	RPID string `key:"rp_id"`
	// Further origins whose pages may use the same passkeys, as https://host, at
	// most five. They are published at /.well-known/webauthn.
	RelatedOrigins []string `key:"related_origins"`
	// Models of authenticators that are accepted, as AAGUIDs. Empty: all.
	Allow []string `key:"allow"`
	// Models of authenticators that are refused, as AAGUIDs.
	Deny []string `key:"deny"`
	// Certificates of makers of authenticators, as PEM. With them a new passkey must
	// come with a statement that leads to one; without, none is asked for.
	RootsFile string `key:"roots_file"`
	// The file of models that the FIDO Metadata Service publishes, as downloaded. With
	// it a new passkey must be of a model in it that is not known as broken, and come
	// with a statement by its maker. Nothing is fetched.
	MetadataFile string `key:"metadata_file"`
	// The certificate, as PEM, that must have signed the metadata file. Empty: FIDO's.
	MetadataRootFile string `key:"metadata_root_file"`
	// Refuse a passkey whose signature counter went back, instead of warning.
	StrictCounter bool `key:"strict_counter" default:"false"`
}

// Log is what is written to standard error.
type Log struct {
	// The least level that is written.
	Level string `key:"level" default:"info" enum:"debug,info,warn,error" env:"MORTISE_LOG_LEVEL"`
	// Lines for people (text) or one object a line for programs (json). Auto: text
	// on a terminal, else json.
	Format string `key:"format" default:"auto" enum:"auto,text,json"`
}

// OTel is about traces.
type OTel struct {
	// Where to send OpenTelemetry traces, as an OTLP/HTTP address:
	// http://127.0.0.1:4318. Empty: nowhere.
	Endpoint string `key:"endpoint"`
}

// Brand is what people see of whose sign-in this is.
type Brand struct {
	// The name on pages and in mails.
	Name string `key:"name" default:"Mortise" max:"60"`
}

// Signup is about strangers who make an account.
type Signup struct {
	// Whether they may.
	Enabled bool `key:"enabled" default:"true"`
}

// Password is about what people choose and how it is kept.
type Password struct {
	// The least length, in characters, of a password that is the only factor.
	MinLength int `key:"min_length" default:"15" min:"8" max:"64"`
	// Words refused as a password, beside the names of the person and of the
	// instance: your company, your products.
	ContextWords []string `key:"context_words"`
	// A filter of breached passwords made by mortise passwords corpus. Empty: only
	// the built-in list of common ones.
	CorpusFile string `key:"corpus_file" path:"true"`
	// Ask the Have I Been Pwned range service too. It learns the first five hex
	// digits of a hash, never the password. When it is unreachable, the offline
	// lists decide.
	HIBP bool `key:"hibp" default:"false"`
	// The most memory, in MiB, that hashing may take at once. 0: 256.
	MemoryMiB int `key:"memory_mib" default:"0" min:"0" max:"1048576"`
}

// Session is about how long a sign-in lasts. Spans are written as 30m, 12h or 30d.
type Session struct {
	// A session ends after this long without use.
	Idle time.Duration `key:"idle" default:"7d" min:"5m" max:"365d"`
	// A session ends after this long, used or not.
	Absolute time.Duration `key:"absolute" default:"30d" min:"5m" max:"365d"`
	// The most sessions of one account; one more ends the oldest. 0: no limit.
	Max int `key:"max" default:"50" min:"0" max:"1000"`
}

// Retention is how long is kept what is over. Spans are written as 12h or 30d.
type Retention struct {
	// Rows of sessions that ended.
	Sessions time.Duration `key:"sessions" default:"30d" min:"1h" max:"3650d"`
	// Mails that were sent or given up, without their content.
	Mail time.Duration `key:"mail" default:"30d" min:"1h" max:"3650d"`
}

// Registration is about programs that register themselves. What they may have is
// bounded by these lists; an initial access token can say its own.
type Registration struct {
	// Who may register a client at /oauth2/register: nobody (off), whoever has an
	// initial access token (token), or anybody (open).
	Mode string `key:"mode" default:"off" enum:"off,token,open"`
	// Scopes that such clients may ask for.
	Scopes []string `key:"scopes" default:"openid,profile,email,offline_access"`
	// Identifiers of APIs that they may ask tokens for.
	Resources []string `key:"resources"`
	// Grant types that they may use.
	GrantTypes []string `key:"grant_types" default:"authorization_code,refresh_token"`
	// Ways in which they may authenticate.
	AuthMethods []string `key:"auth_methods" default:"none,client_secret_basic,client_secret_post,private_key_jwt"`
	// Hosts that their redirect addresses may lead to: app.example.org,
	// *.example.org, 127.0.0.1, or com.example.app: for a scheme of one's own. Empty: any.
	RedirectHosts []string `key:"redirect_hosts"`
	// Let confidential clients among them do without PKCE. For old programs, and for
	// test suites that register clients which have never heard of it.
	WithoutPKCE bool `key:"without_pkce" default:"false"`
	// Audiences that the assertions of private_key_jwt may have beside the issuer:
	// https://id.example.org/oauth2/token, for programs older than RFC 10070.
	AssertionAudiences []string `key:"assertion_audiences"`
	// Clients that nobody vouched for are deleted when unused this long.
	Unused time.Duration `key:"unused" default:"30d" min:"1h" max:"3650d"`
	// Take a client_id that is an https address: the client's description is read
	// from there (Client ID Metadata Documents).
	Documents bool `key:"documents" default:"false"`
	// Hosts that such descriptions are read from: app.example.org or *.example.org.
	// Empty: any.
	DocumentHosts []string `key:"document_hosts"`
}

// Geo is about the rough place of a sign-in, for people to recognise it by.
type Geo struct {
	// A database of cities or countries in MaxMind's MMDB format, such as
	// GeoLite2-City.mmdb or the one of DB-IP. Empty: no place is shown. Replace it by
	// renaming a new file over it; a restart reads it.
	MMDBFile string `key:"mmdb_file" path:"true"`
}
