"""What customers say about identity, contracts, equipment, service, privacy and the rest.

Only phrase banks belong here, in the notation of ``grammar`` (see ``topics_network``).
"""

from complaints_platform.generator.grammar import Topic

TOPICS = {
    ("sim_identity", "swap_fraud"): Topic(
        says="""
            [Someone|A stranger|A fraudster|Somebody] [swapped|cloned|took over|got a replacement of] my SIM [{when}|at one of your shops] and [emptied my account|stole {amount}|received my bank codes]
            [My number|My line] was [moved to another SIM|hijacked|transferred to a stranger] {when} [without my knowledge|although I never asked]
            [A replacement SIM|An eSIM] [was issued|was activated] [in my name|on my number] {when}, [not by me|I was at work]
            [Thieves|Criminals] [walked into|used] [your {town} shop|your chat] and [left with my number|got my line], {amount} [is missing|was withdrawn]
            [How did|How could] [your staff|a shop of yours] [hand my number|give my line] to [an impostor|somebody with a fake ID]
        """,
        notes="""
            [suspected|reported] SIM [swap|takeover], {amount} [stolen|withdrawn]
            [eSIM|replacement SIM] issued to third party {when}
            number hijacked, bank codes intercepted
        """,
        pidgin="""
            [Thief don swap my SIM|Dem don do SIM swap for my line] {pday}, [{amount} don comot my account|my bank account don empty]
            Who [una give|collect] my number, [I no ask for new SIM|na fake person carry am]
        """,
    ),
    ("sim_identity", "registration"): Topic(
        says="""
            [My|The] SIM [registration|verification|KYC] [fails|is rejected|has been pending] [{times}|{dur}|at every shop] [although I brought my passport|because the names differ|with "record not found"]
            [NIN linking|Linking my NIN|Video ident|The ident process] [hangs|was refused|does not complete] [{times}|{dur}|with error {n}]
            I [queued|stood in line] {n} hours [in|at] your [{town} shop|experience centre] to [register|verify|update] [the line|my details] and [was sent home|the system was down]
            The [name|date of birth|surname] on my [line|SIM record] [is wrong|belongs to someone else|is misspelt] and [nobody corrects it|each shop refuses to fix it]
            [Fingerprints|Biometrics|My selfie|My passport photo] [were captured|were taken] {times} and [the status stays "unverified"|your portal forgets them]
        """,
        notes="""
            [SIM registration|ident|KYC] [rejected|pending] {dur}
            NIN link [fails|refused], error {n}
            wrong [name|date of birth] on SIM record
        """,
        pidgin="""
            [I don link NIN|I don register this SIM] {times}, [e still dey pending|una say e no match]
            I go una office for {town}, [queue na die|dem say system down], [still no registration|SIM never register]
        """,
    ),
    ("sim_identity", "blocked"): Topic(
        says="""
            [My|Our|This] [line|number|SIM] [was barred|has been barred|got suspended|was deactivated] {when} [without notice|for no reason|although everything is paid]
            [You|{brand}] [locked|barred|suspended|cut off] my [number|SIM|line] {when}, [I depend on it|all my bank codes go there]
            [The phone|It] asks for a PUK [and the one from your site is wrong|nobody can give me], [locked out {dur}|so the SIM is useless]
            [A new SIM|My replacement SIM|The eSIM] [is still inactive|was never activated|shows "not provisioned"] {dur}
            [Recycled|Reassigned], that is what they [call it|say]: my number [of {n} years |]was given away [after {n} weeks abroad|{when}]
        """,
        notes="""
            [line|number] [barred|suspended] {when}, [no arrears|all paid]
            [replacement SIM|eSIM] inactive {dur}
            PUK [lock|refused], SIM unusable
        """,
        pidgin="""
            [Una don bar my line|Una block my SIM] {since}, [I no owe una|wetin I do]
            My [SIM|number] [don stop|no gree work again], [dem say dem don block am|una recycle am give person]
        """,
    ),
    ("porting_contract", "port_delay"): Topic(
        says="""
            [Moving|Porting|Transferring] my number [to you|away from you|from another operator] [has taken|drags on for] {n} [days|weeks] [so far|and is still "in progress"|]
            [The|My] [PAC|porting code|transfer PIN|STAC] [is rejected|never arrived|expired before you used it|was refused {times}]
            [The port|Number transfer|The switch] [was promised for {weekday}|should have been done {when}] and [the old SIM is dead while the new one has a temporary number|I sit between two providers]
            [You|{brand}] [block|delay|reject] the [release|transfer] of my number [with excuses|claiming the name differs|{times} in a row]
        """,
        notes="""
            number [port|transfer] outstanding {n} [days|weeks]
            [PAC|porting code] [rejected|not sent]
            port-[in|out] [stuck|refused], name mismatch
        """,
        pidgin="""
            I wan [port|carry my number comot], [una no gree release am|e don reach {n} days]
            [Porting never complete|Port dey pending] {since}, [my line no dey work|I dey middle of road]
        """,
    ),
    ("porting_contract", "cancellation"): Topic(
        says="""
            I [cancelled|terminated|gave notice on] my [contract|broadband|plan] {when} and [you still collect {amount}|it was renewed for a year|nobody confirms]
            [Cancelling|Ending this contract|Leaving you] [is made impossible|takes {n} calls|means being passed around|requires a fax, apparently]
            [You|{brand}] [demand|want|invoice] {amount} as [an exit fee|an early termination fee] [although the minimum term ended|although I move abroad|despite the outage]
            [My|The] [notice|termination letter] [of {when} |][was ignored|got lost|"never arrived"], [I have proof of posting|although I sent it registered]
            [Within the 14 days|During the cooling-off period] I [withdrew from|cancelled] the [order|contract], [yet|and] [the line was activated anyway|you shipped the router regardless]
        """,
        notes="""
            [cancellation|termination] of {when} not processed, [still billed|debits of {amount}]
            exit fee of {amount} [disputed|contested]
            [withdrawal|cooling-off] ignored
        """,
        pidgin="""
            I don [cancel|stop] this plan {pday}, [una still dey collect {amount}|una no gree close am]
            Make una [close|cancel] the contract, [I no do again|I don tire], [una dey ask {amount} to comot|which kain exit fee]
        """,
    ),
    ("porting_contract", "tariff"): Topic(
        says="""
            [The price|My tariff|The monthly fee] [rises|went up|was raised] [by {amount}|from {amount} to {amount}] [mid-contract|without a letter|{when}]
            [You|{brand}] [moved|migrated|switched] me to [another plan|a dearer tariff|a "new generation" tariff] [without asking|{when}|I never picked]
            [New customers|People who join today] pay {amount} [for what costs me {amount}|while loyal ones pay {amount}]
            [The tariff|The plan] I [chose|signed for] [included|came with] {gb} and [now it has less|you cut it to {gb}]
            [My|The] [plan change|upgrade|downgrade] [requested {when}|ordered {when}] [was booked wrongly|never took effect|put me on the wrong tariff]
        """,
        notes="""
            price [increase|rise] of {amount} mid-contract [objected to|disputed]
            [migrated|switched] to other tariff without [consent|order]
            plan change of {when} not [applied|booked]
        """,
        pidgin="""
            Una [increase price|add money] from {amount} to {amount}, [nobody tell me|for which reason]
            Una [change my plan|move my tariff] {pday} [without asking|by force], [return am|I no want am]
        """,
    ),
    ("porting_contract", "mis_selling"): Topic(
        says="""
            [The salesman|Your agent in {town}|The girl in the shop|A door-to-door rep] [promised|swore|told me] [{gb} for {amount}|a free tablet|no price rise ever|unlimited everything] and [the contract says otherwise|none of it was true]
            I [was talked into|was tricked into|signed] a [two-year contract|second line|insurance] [thinking it was a survey|I never wanted|on false promises] {when}
            [On the phone|In the shop] it was [free for {n} months|{amount}, nothing more|cancel anytime], [on paper|in the small print] [it is a 24 month trap|it costs {amount}]
            [An elderly|My 80 year old] [neighbour|mother|father] was [sold|pushed into] [fibre she cannot use|three contracts|a {gb} plan] [at the door|over the phone] {when}
            [What I ordered|The offer I accepted] [is not what I got|and the contract differ]: [{amount} more|no {gb}|no phone included]
        """,
        notes="""
            [sales promise|offer] not [honoured|in contract], {amount} more
            contract [signed|sold] under [false|misleading] statements {when}
            elderly [customer|relative] sold [second line|unneeded plan]
        """,
        pidgin="""
            [Una agent lie give me|Your salesgirl deceive me], e say [{gb} for {amount}|na free], [na lie|now I see {amount}]
            The plan wey [dem sell me|una sell give me] no be [wetin una talk|the one for paper]
        """,
    ),
    ("device_install", "router"): Topic(
        says="""
            [The|Your|My new] [router|hub|modem|wifi box] [arrived broken|is faulty|overheats|switches off by itself|makes a burning smell] [{dur}|since delivery|]
            [The replacement|My] [router|handset|{device}|set-top box] [was never delivered|was sent to the wrong address|arrived with a cracked case|does not power on]
            [The {device} I bought from you|My {device} from your shop] [dies at 40 percent|has a dead screen|will not charge] after {n} [weeks|days], [repair refused|and warranty is denied]
            [Wifi|The box] [does not reach the bedroom|has no working ports|forgets its password] and [you want {amount} for an extender|support only says reset]
            I [sent back|returned] the [old router|equipment|modem] {when} and [you bill {amount} for it|you claim it never arrived]
        """,
        notes="""
            [faulty|defective] [router|modem|hub], replacement [requested|overdue]
            [handset|{device}] [repair|warranty] declined
            returned [router|equipment] not booked, billed {amount}
        """,
        pidgin="""
            The [router|MiFi|modem] wey una sell me [no dey work|don spoil|dey hot like fire] {since}
            I buy [MiFi|router] {amount} {pday}, [e no fit last {n} days|e no dey on]
        """,
    ),
    ("device_install", "technician"): Topic(
        says="""
            [The technician|Your engineer|The installer] [did not show up|never came|missed the appointment] [{times}|{when}|between 8 and 12], I [took a day off|waited all day|lost a day's pay]
            [The appointment|Our installation date] [was moved|was cancelled|has been postponed] {times} [by text|without asking|at short notice]
            [The engineer|The fitter] [drilled through a pipe|left cables hanging|damaged the wall|ran the cable across the door] and [disappeared|left]
            [We|I] [ordered|signed for] fibre {when} and [nobody came to install it|the street box is still not connected|the line has not been laid]
            [{n} visits|Three engineers] [later|and counting], [the socket is still dead|the installation is not finished|each blames the one before]
        """,
        notes="""
            [missed|failed] [engineer|technician] [visit|appointment] {when}
            installation [postponed|incomplete], {n} visits
            damage to [wall|property] by [fitter|engineer]
        """,
        pidgin="""
            [Una technician no come|Engineer no show] {pday}, [I siddon wait whole day|I no go work because of am]
            [Una never install|Dem never connect] the fibre {since}, [I don pay {amount}|story every day]
        """,
    ),
    ("customer_service", "unreachable"): Topic(
        says="""
            I [held|waited|was on hold|hung on] {n} [minutes|hours] [listening to music|in the queue] and [was cut off|nobody answered|then the line went dead]
            [Nobody|No human] [picks up|answers|reacts] on [your hotline|your helpline|live chat|any channel] [{since}|even at 8am|]
            [The chatbot|Your bot|The voice menu] [sends me in circles|does not understand me|hangs up on me], [there is no way to a person|no option fits]
            I [wrote|emailed|messaged] {times} [since {weekday}|{when}] and [no reply came|got only automatic replies|everyone ignores it]
            [A callback|The promised callback] [was agreed for {when}|within 24 hours, they said] and [the phone stayed silent|never happened]
        """,
        notes="""
            [hotline|chat] not [answered|reachable], waited {n} minutes
            [callback|reply] promised {when} not made
            {times} e-mails without answer
        """,
        pidgin="""
            I [call una customer care|dial una helpline] {times}, [nobody pick|na music I dey hear|e dey cut]
            [Na robot dey answer|Una customer care no dey pick], [I no see person to talk to|{n} minutes on hold]
        """,
    ),
    ("customer_service", "attitude"): Topic(
        says="""
            [The agent|The lady on the phone|A man called Kevin|Your shop assistant in {town}] [was rude|shouted at me|laughed at me|hung up on me|rolled his eyes] [{when}|when I asked a simple question|]
            [I was treated|They treated me|We were treated] like [a criminal|a beggar|an idiot|dirt] [in your {town} shop|on the phone] {when}
            [Staff|People] [in the {town} shop|at your counter] [chatted among themselves|ignored me|played with their phones] while I [stood there|waited] {n} minutes
            [I have never met|Never have I met] such [arrogance|bad manners|insolence] [in a shop|on a hotline]
            [He|She|The supervisor] [called me a liar|told me to "deal with it"|said I should switch if I do not like it] [before hanging up|{when}]
        """,
        notes="""
            [rude|disrespectful] [agent|shop staff] {when}
            staff behaviour at {town} [shop|counter]
            agent [hung up|raised voice] on cust
        """,
        pidgin="""
            [Una staff insult me|That una agent rude no be small] {pday}, [e shout for my head|e hang up on me]
            For una {town} office [dem look me like dirt|dem no send me], [I stand {n} minutes|nobody greet]
        """,
    ),
    ("customer_service", "wrong_answer"): Topic(
        says="""
            [One agent says|The first agent said] [yes|it takes {n} days|it is free], [the next says|the second said] [no|it costs {amount}|it is impossible]
            I [was given|got|received] [wrong|false|contradictory] [information|advice|instructions] [by chat|in the shop|on the hotline] {when} and [it cost me {amount}|made things worse]
            [Your support|The helpdesk] [told me to factory reset|made me reset|had me reinstall] the [{device}|router] and [it solved nothing|everything was erased]
            [Nobody|No one] [there knows|at your helpdesk knows] [their own products|the rules|what the other department does]
            [They|Your people] [misread my question|sent a standard answer|answered something I never asked] {times}
        """,
        notes="""
            [contradictory|wrong] [advice|information] by agents {when}
            cust misinformed, [cost|loss] of {amount}
            [standard reply|canned answer] not matching question
        """,
        pidgin="""
            [This one go talk yes|One agent talk {n} days], [that one go talk no|another one talk different thing]
            The thing wey una customer care [tell me|advise me] [na lie|no correct], [e spoil matter|I lose {amount}]
        """,
    ),
    ("complaint_handling", "unresolved"): Topic(
        says="""
            [This is|I am writing] the {nth} [time|letter|complaint] [about the same matter|on ticket {ref}|in {n} weeks] [and nothing moves|without any progress|]
            [My|The] [ticket|case|complaint] {ref} [was closed|is marked "solved"|was shut] [although nothing was fixed|without a word to me|{times}]
            [Open|Pending] {dur}: [case|ticket|complaint] {ref}. [No answer|No decision|No update], [only "we are looking into it"|just silence]
            [You|Your complaints team] [promised|committed to] [an answer within {n} days|a manager's call|a final response], [that was {n} weeks ago|it passed long ago]
            I [now demand|ask for] [a deadlock letter|the regulator's address|your final position], ticket {ref} [leads nowhere|has been bounced between departments]
            [Every|Each] time I [follow up|chase] {ref} I [start from zero|must explain everything again|get a new number]
        """,
        notes="""
            [repeat|{nth}] contact on [ticket|case] {ref}, [no progress|closed unsolved]
            [escalation|deadlock letter] demanded for {ref}
            complaint {ref} open {dur} without [decision|answer]
        """,
        pidgin="""
            I don [report|complain] this matter {times}, [ticket {ref}|una give me {ref}], [una never do anything|still nothing]
            [Una close my complaint|Una say e don resolve], [nothing resolve|na lie], {ref}
        """,
    ),
    ("privacy_security", "data_misuse"): Topic(
        says="""
            [My|Our] [personal data|details|address|call list] [ended up|was found|appeared] [with a marketing firm|in somebody else's account|on the internet] [{when}|thanks to you|]
            [Logging in|When I log in] to [the app|my account] I [see|am shown] [another customer's|a stranger's] [invoices|name and address|calls]
            [Someone|An unknown person] [logged into|got into|accessed] my [online account|self-care account] {when} and [changed the password|ordered a phone]
            [You|{brand}] [shared|sold|passed on|leaked] my [number|data] [without consent|to debt collectors|to advertisers]
            I [asked|requested] [for a copy of|you to erase] [my data|everything stored about me] {when}, [the month is over|under the GDPR you had a month]
            [A letter|An e-mail] [with|containing] my [bank details|passport copy] [went to|was sent to] [the wrong person|my ex|a neighbour]
        """,
        notes="""
            [personal data|details] disclosed to [third party|other customer]
            account [accessed|taken over] by unknown person {when}
            [access|erasure] request of {when} unanswered
        """,
        pidgin="""
            [Who give|Una sell] my [number|details] [to loan people|give stranger], [una no get right|na offence be that]
            [Person don enter my account|Dem hack my app] {pday}, [dem change my password|I dey see another person name]
        """,
    ),
    ("other_review", "other"): Topic(
        says="""
            [I am so tired of you people|Worst company ever|What a joke of a company|You are the limit|Never again]
            [Something|A thing] [has to change|must change] [here|at {brand}], [that is all I say|enough]
            [Just|Simply] [disappointed|fed up|speechless], [{dur} a customer|and that after {n} years]
            [Your advert|The new advert|Your sponsoring|The mascot] [on TV |][is tasteless|annoys me|insults people from {town}]
            [Can somebody|Could someone] [ring|contact] me, [it is a long story|I would rather explain it in person|it is complicated]
            [The shop in {town}|Your {town} branch] [has no ramp|has no parking|closes too early|is dirty]
            [Is|Are] [{brand}|your people] [serious|even awake|for real]
            [See attached|As discussed|Same as last time|You know what this is about], [please act|do something]
        """,
        notes="""
            general [dissatisfaction|displeasure], no [details|specifics] given
            [advertising|shop premises] criticised
            [wishes callback|wants a manager], reason not stated
        """,
        pidgin="""
            [Una no try at all|Una too dey fall hand|Una wicked o|God dey], [I don tire|na wa]
            [Make una do better|Una need deliverance|This company sef], [I no get power to talk|enough]
        """,
    ),
}
