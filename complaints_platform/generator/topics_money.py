# ruff: noqa: E501 - a template is one line, however long
"""What customers say about bills, allowances, payments and unwanted services.

Only phrase banks belong here, in the notation of ``grammar`` (see ``topics_network``).
"""

from complaints_platform.generator.grammar import Topic

TOPICS = {
    ("billing_charges", "overcharge"): Topic(
        says="""
            [My|This month's|The latest|The March] [bill|invoice|statement] [is|runs to|jumped to|says] {amount} [instead of {amount}|although my plan costs {amount}|and I cannot see why]
            [You|{brand}] [took|debited|collected|charged] {amount} [too much|more than agreed|twice] [{when}|on this invoice|from my account]
            [There is|I found|I see] [a line|an item|an entry] [of|over] {amount} [on the invoice|on my bill] [for roaming I never used|that nobody can explain|called "other services"]
            The [direct debit|card payment] [went out|was taken] two times {when}, {amount} [each|each time]
            [Roaming|Premium numbers|International minutes] [cost me|appear at] {amount} [though I stayed at home|though I was on an EU pass|for {n} minutes]
            I [was|have been] [billed|invoiced] [for two lines|for a late fee|for a handset] [and I only own one|I had paid on time|I returned {when}]
            [The price|My tariff|The monthly fee] [rises|went up|was raised] [by {amount}|from {amount} to {amount}] [mid-contract|without a letter|{when}]
            [New customers|People who join today] pay {amount} [for what costs me {amount}|while loyal ones pay {amount}]
            [The promised|My] discount [of {amount} |][is missing from|disappeared from|was not applied to] [the invoice|my bill] [again|{dur}|]
        """,
        notes="""
            [invoice|bill] of {amount} [disputed|higher than agreed]
            [double|duplicate] [debit|direct debit] of {amount}
            [roaming|late fee|premium] item of {amount} not recognised
            missing discount on [invoice|bill]
            price [increase|rise] of {amount} mid-contract [objected to|disputed]
        """,
        pidgin="""
            [Una bill me|Dem bill me] {amount} [for wetin I no use|instead of {amount}|double] [this month|{pday}]
            Why una [debit|charge] me {times} on top [one thing|small plan], {amount} don go
            Una [increase price|add money] from {amount} to {amount}, [nobody tell me|for which reason]
            [This bill too much|The bill no correct], {amount} for [wetin|which work]
        """,
    ),
    ("billing_charges", "balance_deduction"): Topic(
        says="""
            My [airtime|credit|main balance|prepaid balance] [fell|dropped|shrank|slid] from {amount} to [{amount}|nothing|zero] [overnight|within an hour|{when}] [without one call|and I used nothing|]
            {amount} of [airtime|credit|call credit] [vanished|disappeared|melted away|was swallowed] [{when}|overnight|while I slept]
            [Someone|Something|Your system] [keeps eating|eats|is draining] my [credit|airtime] [every morning|each time I load|{since}]
            I [loaded|had] {amount} [{when}|in the morning] and [now it is gone|an hour later it said zero|could not make one call with it]
            [Balance|Airtime] [deductions|deduction] of {amount} [every day|{times} this week] [that I cannot trace|with no record in the app]
        """,
        notes="""
            unexplained [deduction|loss] of {amount} [airtime|credit]
            prepaid balance [reduced|fell] to zero {when}, no usage
            recurring [airtime|credit] deductions of {amount}
        """,
        pidgin="""
            [Una don drink|Una thief|Una swallow] my {amount} [airtime|credit] [{pday}|again|for night]
            I load {amount} [{pday}|just now], [before I blink e don vanish|when I check na zero]
            [Who dey remove|Wetin dey remove] my [airtime|credit] [every day|small small]
        """,
    ),
    ("billing_charges", "failed_call_charge"): Topic(
        says="""
            I [paid|was charged|lost] {amount} for [a call that never connected|calls nobody answered|a call that cut after two seconds]
            [Calls|Attempts] that [failed|did not go through|rang out] [still cost me|were billed at|appear on the bill at] {amount}
            [The app|My itemised bill|The list of calls] [lists|shows] {n} minutes to [{family}|a number] [although it only rang|although nobody picked up|for a dropped attempt]
            [Why|How come|On what basis] [do I pay|am I charged] for [unanswered|unsuccessful|unconnected] calls, {amount} [so far|{when} alone]
            [Even|Every] [failed SMS|unsuccessful call|undelivered text] [eats|takes] {amount} [of my credit|from my balance]
        """,
        notes="""
            charged {amount} for [unconnected|unanswered] calls
            [failed attempts|unsuccessful calls] billed at {amount}
            [{n} minutes|usage] billed for call which only rang
        """,
        pidgin="""
            [Call no even connect|Nobody pick the call] and [una still remove|una cut] {amount}
            Una dey [charge|bill] me for call wey [no go|fail|no enter], {amount} [don go|just like that]
        """,
    ),
    ("billing_charges", "refund"): Topic(
        says="""
            [The|My] [refund|reimbursement|credit note] of {amount} [promised {when}|agreed {when}|you confirmed in writing] [still has not arrived|is nowhere to be seen|never came]
            I [am waiting|have waited|wait] {dur} for {amount} [to come back|back on my card|you owe me]
            [When|By when] [will you|are you going to] [pay back|return|reimburse] [the {amount}|my {amount}|the deposit of {amount}]
            [Every agent|Each person I speak to] [says|claims] the money [was sent|is on its way], [my bank sees nothing|nothing has landed] [{dur} later|]
            [You|{brand}] [refuse|refused|will not agree] to [reimburse|pay back] {amount} [taken by mistake|for the cancelled line|for {n} days without service]
            [Overpaid|Paid twice], {amount}, [and nobody returns it|credit still not booked|reimbursement outstanding {dur}]
        """,
        notes="""
            [refund|reimbursement] of {amount} outstanding {dur}
            [promised|agreed] credit note not booked
            [deposit|overpayment] of {amount} not returned
            refund [request|claim] declined, cust objects
        """,
        pidgin="""
            [Abeg return|Give me back|Una go refund] my {amount}, [I don wait tire|{dur} now]
            [Where my refund|My money nko], {amount} una promise [{pday}|since]
        """,
    ),
    ("data_depletion", "data_exhausted"): Topic(
        says="""
            [My|The] {gb} [bundle|data|package] [finished|ran out|was gone] in {n} [hours|days] [and I barely browsed|with only WhatsApp|although I was asleep]
            [Data|Megabytes] [burns|disappears|drains|evaporates] [faster than ever|like water|twice as quickly] {since}
            I [bought|subscribed to|activated] {gb} [{when}|in the morning] and [by evening|the next day|within {n} hours] [it was all used up|the bar stood at zero]
            [Your meter|The usage meter|Your counter] [says|claims] {gb} went [in one night|{when}], [my {device} counted {mb} only|with every phone switched off]
            [How|Tell me how] [can|could] {gb} [be consumed|be exhausted|go] [while the wifi was on|in {n} hours of email|with background apps disabled]
            [An allowance|A plan] meant for [30 days|a month] [lasts|lasted me] {n} days [now|{since}]
        """,
        notes="""
            {gb} [bundle|allowance] used up in {n} [hours|days]
            usage counter [disputed|not matching handset], {mb} against {gb}
            [rapid|unexplained] data consumption {since}
        """,
        pidgin="""
            [My {gb} finish|{gb} don finish] [inside {n} hours|like play|before day break], [wetin I download|I no watch anything]
            [Una dey zap|Una dey drink|Una dey chop] my [data|MB] [like water|anyhow] {since}
            I buy {gb} {pday}, [e don vanish|now na zero], [who use am|explain]
        """,
    ),
    ("data_depletion", "data_expiry_cap"): Topic(
        says="""
            [My|The] [unused|remaining|leftover] {gb} [was wiped|were taken away|lapsed|did not roll over] [at midnight|at the end of the month|{when}]
            [A bundle|Data] I [paid {amount} for|bought {when}] [dies|lapses|is void] after {n} days [used or not|whether I touch it or not|although the advert said 30]
            [Rollover|Carry-over] [was promised|is part of my plan] and {gb} [simply vanished on renewal|were not carried to this month]
            ["Unlimited"|The unlimited plan|My so-called flat rate] [stops|is capped|ends] at {gb} [and then costs {amount}|a fair use rule nobody mentioned]
            [Renewing|I renewed] one [hour|minute] [late|after midnight] and [all {gb} were lost|you keep the {gb} I had left]
            [A limit|A cap] of {gb} [appeared|was introduced] [{when}|overnight] on [my fibre|a plan sold as limitless]
        """,
        notes="""
            [unused|remaining] {gb} [lapsed|not rolled over] {when}
            [fair use|monthly] cap of {gb} [disputed|not disclosed at sale]
            bundle validity of {n} days [contested|misunderstood]
        """,
        pidgin="""
            My {gb} remain, [una don wipe am|e don expire] [for midnight|{pday}], [I still dey manage am|which kain cheating]
            [Una say unlimited|Na unlimited I buy] but [e stop for {gb}|una put cap], [why]
        """,
    ),
    ("recharge_payment", "topup_not_credited"): Topic(
        says="""
            I [recharged|topped up|paid in] {amount} [{when}|through my bank app|by card|with a USSD code] and [the balance is unchanged|nothing was added|the credit is not there]
            [The bank|My bank|PayPal|The kiosk] [debited|took|confirmed] {amount} {when} [but|and still] [no airtime was added|my line shows the old balance|your side shows nothing]
            [A|The] [payment|transfer|top-up] of {amount} [made {when}|with receipt {ref}] [is not reflected|never showed on my line|got stuck as pending]
            I [bought|paid for] {gb} [{when}|for {amount}], [money gone|the money left], [no data was loaded|bundle never activated]
            [The money|{amount}] [left|was taken from] my [account|wallet|card] {times} [and no credit arrived|for one recharge that failed]
            [Auto top-up|Your app's recharge|Quick recharge] [fails|hangs] after [taking|debiting] {amount}
        """,
        notes="""
            recharge of {amount} [not reflected|missing] {since}
            [bank debit|card payment] of {amount} without [airtime|credit]
            [top-up|payment] [pending|stuck], receipt {ref}
            {gb} bundle paid, not activated
        """,
        pidgin="""
            I [recharge|load|buy] {amount} [{pday}|with my bank app], [e no enter|e never reflect|nothing show]
            [Bank don debit me|Money don comot] {amount}, [airtime never land|credit no follow]
            I [sub|buy] {gb}, [money go but data no show|una never load am]
        """,
    ),
    ("recharge_payment", "voucher"): Topic(
        says="""
            [The|A] [recharge card|scratch card|voucher] [over|worth|of] {amount} [is rejected|will not load|says already used|gives "invalid PIN"]
            [I scratched|After scratching] the [card|panel], [two|three|some] digits [came off|are unreadable|were damaged], [serial {ref}|worth {amount}]
            [Entering|Typing] the voucher [code|digits] [ends in|returns] [an error|"voucher expired"|"wrong code, you are barred"] {times}
            [The kiosk|The shop|The petrol station] [sold me|gave me] a [voucher|recharge card] of {amount} [that was used already|with no digits on it|your system does not know]
            [My|The] [gift voucher|recharge code] [of|worth] {amount} [bought {when}|from the supermarket] [cannot be redeemed|gets declined]
        """,
        notes="""
            [voucher|recharge card] of {amount} [invalid|reported used]
            [scratched|damaged] digits on recharge card, serial {ref}
            voucher code [rejected|declined] {times}
        """,
        pidgin="""
            [This card|The recharge card] wey I buy {amount} [no gree load|dey talk say dem don use am|dey show invalid]
            The number don [clean|scratch comot] for the card, [help me|how I go load am]
        """,
    ),
    ("recharge_payment", "payment_failure"): Topic(
        says="""
            I [tried|attempted] to [pay the invoice|settle my bill|pay {amount}] [on your site|in the app|by phone] {times} and [the page crashes|it ends in an error|my card is refused by you, not by my bank]
            [The bill|My invoice] [was paid|is long settled], {when}, [my bank confirms it|receipt {ref}], [yet you send a reminder|yet the line was cut for arrears|and a collection agency writes to me]
            [My|The] [direct debit|standing order|autopay] [was set up|was approved] {when} and [you never collect it|you add a late fee of {amount}]
            [You|{brand}] [cut us off|disconnected me] {when} for [a debt|arrears] [I paid {n} days before|that does not exist]
            [The payment page|Your checkout] [hangs|rejects every card|shows a blank screen] [{since}|at the last step|]
            [A reminder|A dunning letter] over {amount} [arrived|came] {when}, [although it left my bank long before|for an account in credit]
        """,
        notes="""
            invoice [paid|settled] {when} but [reminder sent|line cut for arrears]
            [card payment|direct debit] on [site|app] [refused|failing] {times}
            payment of {amount} not booked to [account|invoice], {ref}
        """,
        pidgin="""
            I don pay the bill {pday}, [una still cut my line|una still dey send reminder], [see receipt|bank don confirm]
            [Payment no gree go|Una app no gree take my card] {times}, [I wan pay, una no wan collect|e dey show error]
        """,
    ),
    ("vas_unsolicited", "unauthorised_subscription"): Topic(
        says="""
            I [was subscribed|have been signed up|got enrolled] to [a caller tune|a games club|"daily horoscope"|a news alert] [I never ordered|without asking me|behind my back], {amount} [a week|a day|each time]
            [Some|A] [ringtone|lottery|football|video] service [takes|deducts|helps itself to] {amount} [every day|weekly|each {weekday}] [and I never agreed to it|though I signed nothing]
            [Who|Who exactly] [activated|switched on] [this caller tune|the {amount} add-on|that premium club] on my [line|number], [certainly not me|I did not press anything]
            I [sent|texted] [STOP|UNSUBSCRIBE|CANCEL] {times} and the [service|club|tune] [renews itself|keeps renewing|carries on]
            [Third-party|Premium|Value added] [services|clubs] [appear|showed up] on my [line|account] {when}, [{amount} gone|costing {amount}]
            [Every time I load credit|Each recharge] {amount} [goes to|is eaten by] a [game|music|prayer] [package|club] [nobody here wanted|I cannot find the off switch for]
        """,
        notes="""
            [premium|third-party] [club|subscription] activated without [consent|order], {amount}
            caller tune [renewing|active] despite STOP
            [unrequested|unwanted] add-on of {amount} per [week|day]
        """,
        pidgin="""
            [Who tell una|I no tell una] to [put caller tune|subscribe me for nonsense|add this game], {amount} dey go [every day|every week]
            I don send STOP {times}, [una still dey renew am|e still dey deduct]
        """,
    ),
    ("vas_unsolicited", "do_not_disturb"): Topic(
        says="""
            I [activated|switched on|registered for] [do not disturb|DND|2442] [{when}|months ago] and [adverts still come|promotions keep coming|nothing changed]
            [Although|Even though] [DND is on|my opt-out stands|I am on the do-not-call list], [your own|{brand}'s own] [robots|agents|promo numbers] [ring|text] me [daily|at dawn|{times} a day]
            [Opting out|The opt-out|The full DND code] [does nothing|is ignored|lasts two days]
            [I texted|I have sent] STOP to {shortcode} {times}, [the adverts go on|it replies "successful" and the promos continue]
        """,
        notes="""
            [dnd|opt-out] [active|registered] but promotions continue
            do-not-disturb [not honoured|ignored] {since}
            marketing calls despite [opt-out|objection] {when}
        """,
        pidgin="""
            I don [activate|do] [DND|2442] {times}, [una promo still dey enter|e be like say I no do am]
            I say make una [no disturb me|stop promo], [una still dey send am|una no dey hear word]
        """,
    ),
    ("vas_unsolicited", "spam_calls"): Topic(
        says="""
            [{n} junk texts|Dozens of promo messages|Ten adverts|Endless promo texts] [a day|today alone|before breakfast] [from|by] [{shortcode}|loan apps|betting firms|unknown senders]
            [Scammers|Fraudsters|Telemarketers|Loan sharks] [ring|call|text] [this number|me] {times} [a day|every evening] {since}
            [Please block|Why don't you block|Can nobody stop] the [betting|loan|lottery|fake parcel] [texts|messages|robocalls] [I receive|flooding my phone|from {shortcode}]
            I [keep receiving|get|receive] [robocalls|silent calls|fake parcel texts|phishing links] [at night|every hour|from changing numbers]
            My [inbox|phone] [drowns in|is full of|is buried under] [adverts|promotional texts|lottery wins] [nobody asked for|from {shortcode}]
        """,
        notes="""
            [junk|promo|phishing] texts from {shortcode}, {n} a day
            [nuisance|silent|scam] calls {since}
            [betting|loan] adverts flooding [inbox|number]
        """,
        pidgin="""
            [Una promo message too much|Junk text full my phone], {n} [for one day|before breakfast]
            [Betting people|Loan app people|Yahoo boys] dey [disturb|pepper] me [every hour|day and night], [block dem|stop am abeg]
        """,
    ),
}
