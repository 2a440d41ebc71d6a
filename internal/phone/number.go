package phone

import (
	"strings"
)

// Number is a telephone number in the form of E.164: a plus sign, a country code
// that the ITU has given out, and the national number, 8 to 15 digits in all.
type Number string

// countries are the codes that the ITU has given to countries and that people are
// reached at. Those of satellites and of services with shared cost are not here.
const countries = " 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86" +
	" 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239" +
	" 240 241 242 243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291" +
	" 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389" +
	" 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677" +
	" 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963 964 965 966 967 968" +
	" 970 971 972 973 974 975 976 977 992 993 994 995 996 998 "

// premium are the beginnings of numbers whose owners are paid for being called.
var premium = []string{
	"+1900", "+1976", "+3190", "+3290", "+3389", "+34803", "+34806", "+34807", "+34905", "+3989", "+4190", "+4390", "+4393", "+4470", "+4487", "+449",
	"+4590", "+46900", "+46939", "+46944", "+4782", "+4870", "+49137", "+49180", "+49190", "+49900", "+35190", "+35315", "+358600", "+358700", "+42090",
	"+5399", "+61190", "+6490", "+81990", "+86168", "+9090",
}

// trunk are countries whose national prefix 0 is left out behind the country code.
const trunk = " 20 27 31 32 33 40 41 43 44 46 49 51 61 64 81 82 84 86 90 91 92 351 353 358 380 972 "

const (
	leastDigits = 8
	mostDigits  = 15
	mostTyped   = 64 // bytes
)

// Parse reads a number as people write it: with its country code behind + or 00,
// and with spaces, hyphens, dots, slashes and brackets wherever. ErrNumber, or
// ErrPremium for one that would cost more than a message.
func Parse(typed string) (Number, error) {
	digits, ok := digitsOf(typed)
	if !ok || len(digits) < leastDigits || len(digits) > mostDigits {
		return "", ErrNumber
	}
	n := Number("+" + digits)
	code := n.Country()
	if code == "" {
		return "", ErrNumber
	}
	national := digits[len(code)-1:]
	if national[0] == '0' && strings.Contains(trunk, " "+code[1:]+" ") {
		return "", ErrNumber
	}
	if code == "+1" && (len(national) != 10 || national[0] < '2' || national[3] < '2') {
		return "", ErrNumber // the North American plan: NXX NXX XXXX
	}
	for _, p := range premium {
		if strings.HasPrefix(string(n), p) {
			return "", ErrPremium
		}
	}
	return n, nil
}

// digitsOf are the digits behind the sign of a number that is written in full.
func digitsOf(typed string) (string, bool) {
	if len(typed) > mostTyped {
		return "", false
	}
	typed = strings.ReplaceAll(strings.TrimSpace(typed), "(0)", "")
	var b strings.Builder
	plus := false
	for _, r := range typed {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case '０' <= r && r <= '９': // full-width, as some keyboards type them
			b.WriteRune(r - '０' + '0')
		case (r == '+' || r == '＋') && b.Len() == 0 && !plus:
			plus = true
		case strings.ContainsRune(" -./()\u00a0\u2010\u2011\u2013", r):
		default:
			return "", false
		}
	}
	digits := b.String()
	if plus {
		return digits, true
	}
	return strings.CutPrefix(digits, "00")
}

// Country is the country code with its plus sign; "" when nobody has it.
func (n Number) Country() string {
	for length := 1; length <= 3 && length < len(n); length++ {
		if code := string(n[1 : 1+length]); strings.Contains(countries, " "+code+" ") {
			return "+" + code
		}
	}
	return ""
}

// Range is what stands for the neighbours of n: the country code and three digits.
func (n Number) Range() string { return string(n[:min(len(n), len(n.Country())+3)]) }

// Masked is n as it is shown: enough to know one's own by.
func (n Number) Masked() string {
	if len(n) < 4 {
		return "…"
	}
	return n.Country() + " … " + string(n[len(n)-3:])
}

// String prints what may be logged.
func (n Number) String() string { return n.Masked() }

// GoString prints the same.
func (n Number) GoString() string { return n.Masked() }
