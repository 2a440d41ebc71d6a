package ratelimit

import "time"

// The limits of the front door. Those that end in .source count a source
// network, .account an account or the key of an identifier nobody has, and .pair
// an account from one source.
const (
	SigninSource   Name = "signin.source"
	SigninPair     Name = "signin.pair"
	SignupSource   Name = "signup.source"
	SignupAddress  Name = "signup.address" // mails to one address
	RecoverSource  Name = "recover.source"
	RecoverAccount Name = "recover.account"
	CodeSource     Name = "code.source" // codes typed, whatever for
	CodePair       Name = "code.pair"
	MailSource     Name = "signin.mail.source" // sign-ins by mail asked for
	MailAddress    Name = "signin.mail"        // mails that sign in, to one address
	MailPair       Name = "signin.mail.pair"   // the same, for one source or known device that asks
	CodeMail       Name = "code.mail"          // codes mailed to one address
	CodeMailPair   Name = "code.mail.pair"     // the same, for one source that asks
	PhoneSource    Name = "phone.source"       // codes sent to phones
	PhoneAccount   Name = "phone.account"      //
	SecondSource   Name = "second.source"      // second factors tried
	SecondAccount  Name = "second.account"     // the same, of one method of one account
	SecondPair     Name = "second.pair"        //
	UnfinishedMail Name = "unfinished.mail"    // mails to an account about sign-ins left half-done
	ChangeAccount  Name = "change.account"     // changes to credentials and addresses
	ExportAccount  Name = "export.account"
	SetupSource    Name = "setup.source"
	PageSource     Name = "page.source"
	APISource      Name = "api.source"
	APIAccount     Name = "api.account"
	WhySource      Name = "why.source"    // refusals that are explained
	GateSource     Name = "gate.source"   // credentials at the gateway that open nothing
	FeedSource     Name = "feed.source"   // polls of the revocation feed
	ClientSource   Name = "client.source" // requests of clients that failed
	ClientPair     Name = "client.pair"   // the same, of one client

	AuthorizeSource  Name = "authorize.source" // authorization requests
	AuthorizePair    Name = "authorize.pair"   // the same, of one client
	RegisterSource   Name = "register.source"  // clients that register themselves
	DocumentHost     Name = "document.host"    // metadata documents of clients, by the host they are read from
	DeviceSource     Name = "device.source"    // device codes typed that no device has
	DeviceAccount    Name = "device.account"
	FederationSource Name = "federation.source" // sign-ins that come back from another service
)

// Defaults are the limits unless configured otherwise. They are generous to a
// source, because a whole school may sit behind one address, and strict to an
// account and to everything that sends mail.
func Defaults() []Limit {
	return []Limit{
		PerMinute(SigninSource, 60),
		PerMinute(SigninPair, 10),
		PerHour(SignupSource, 60),
		{Name: SignupAddress, Every: 12 * time.Minute, Burst: 3},
		PerHour(RecoverSource, 60),
		{Name: RecoverAccount, Every: 12 * time.Minute, Burst: 3},
		PerMinute(CodeSource, 60),
		PerMinute(CodePair, 10),
		PerHour(MailSource, 60),
		{Name: MailAddress, Every: 3 * time.Minute, Burst: 10},
		{Name: MailPair, Every: 5 * time.Minute, Burst: 3},
		PerHour(CodeMail, 30),
		{Name: CodeMailPair, Every: 5 * time.Minute, Burst: 3},
		PerHour(PhoneSource, 60),
		{Name: PhoneAccount, Every: 10 * time.Minute, Burst: 3},
		PerMinute(SecondSource, 60),
		PerHour(SecondAccount, 60),
		{Name: SecondPair, Every: 2 * time.Minute, Burst: 15},
		{Name: UnfinishedMail, Every: 20 * time.Minute, Burst: 3},
		PerHour(ChangeAccount, 60),
		PerHour(ExportAccount, 5),
		PerMinute(FederationSource, 60),
		PerMinute(DeviceSource, 60),
		PerMinute(DeviceAccount, 10),
		PerMinute(SetupSource, 10),
		perProcess(PerMinute(PageSource, 600)),
		perProcess(PerMinute(APISource, 1200)),
		perProcess(PerMinute(APIAccount, 1200)),
		perProcess(PerMinute(GateSource, 1200)),
		perProcess(PerMinute(WhySource, 30)),
		perProcess(PerMinute(FeedSource, 12000)),
		perProcess(PerMinute(ClientSource, 6000)),
		perProcess(PerMinute(ClientPair, 600)),
		perProcess(PerMinute(AuthorizeSource, 1200)),
		perProcess(PerMinute(AuthorizePair, 600)),
		PerHour(RegisterSource, 60),
		perProcess(PerMinute(DocumentHost, 60)),
	}
}

func perProcess(l Limit) Limit {
	l.PerProcess = true
	return l
}
