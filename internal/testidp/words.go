package testidp

import (
	"net/http"
	"strings"
)

// german is the page in German, by its English words.
var german = map[string]string{
	"Test provider": "Testanbieter",
	"You have left": "Sie sind abgemeldet",
	"%s has nobody signed in. You can close this page.": "%s hat niemanden angemeldet. Sie können diese Seite schließen.",
	"Who shall it be?": "Wer soll es sein?",
	"%s is for development: it asks for no password and lets anybody be anybody.": "%s ist für die Entwicklung: Jeder darf jeder sein, und niemand wird nach einem Passwort gefragt.",
	"People":            "Personen",
	"no e-mail address": "keine E-Mail-Adresse",
	"not checked":       "nicht geprüft",
	"Somebody else":     "Jemand anders",
	"with the address below, which counts as checked": "mit der Adresse unten, die als geprüft gilt",
	"E-mail address of somebody else":                 "E-Mail-Adresse von jemand anderem",
	"Their name":                                      "Deren Name",
	"What shall go wrong?":                            "Was soll schiefgehen?",
	"Continue":                                        "Weiter",
	"Cancel":                                          "Abbrechen",
	"Choose somebody.":                                "Wählen Sie jemanden.",

	"nothing":                                    "nichts",
	"the ID token is for somebody else":          "das ID-Token ist für jemand anderen",
	"the answer names another issuer":            "die Antwort nennt einen anderen Aussteller",
	"signed with a key that is not published":    "signiert mit einem Schlüssel, der nicht veröffentlicht ist",
	"the ID token is over":                       "das ID-Token ist abgelaufen",
	"the ID token belongs to another sign-in":    "das ID-Token gehört zu einer anderen Anmeldung",
	"the e-mail address was not checked":         "die E-Mail-Adresse wurde nicht geprüft",
	"the same address, and another subject":      "dieselbe Adresse, und eine andere Kennung",
	"UserInfo is about somebody else":            "UserInfo handelt von jemand anderem",
	"the answer takes too long":                  "die Antwort dauert zu lange",
	"the token endpoint is down":                 "der Token-Endpunkt antwortet nicht",
	"the provider says that it cannot right now": "der Anbieter sagt, dass er gerade nicht kann",
	"new here": "neu hier",
	"has an account already, which asks for a proof": "hat schon ein Konto, das nach einem Nachweis fragt",
	"says that this address is theirs":               "behauptet, dass diese Adresse ihm gehört",
}

// words are what the page says, in the language of whoever reads it.
type words struct {
	Lang string
	of   map[string]string
}

// wordsFor follows what the client asks for (ui_locales), else what the browser does.
func wordsFor(r *http.Request) words {
	split := func(c rune) bool { return c == ' ' || c == ',' }
	for _, wish := range strings.FieldsFunc(r.FormValue("ui_locales")+","+r.Header.Get("Accept-Language"), split) {
		switch strings.ToLower(wish[:min(2, len(wish))]) {
		case "de":
			return words{"de", german}
		case "en":
			return words{Lang: "en"}
		}
	}
	return words{Lang: "en"}
}

// Say is an English text in the language of the page; what it has no words for stays.
func (w words) Say(english string) string {
	if text, ok := w.of[english]; ok {
		return text
	}
	return english
}
