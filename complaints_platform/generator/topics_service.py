# ruff: noqa: E501 - a template is one line, however long
"""What customers say about identity, contracts, equipment, service, privacy and the rest.

Only phrase banks belong here, in the notation of ``grammar`` (see ``topics_network``).
"""

from complaints_platform.generator.grammar import Topic

TOPICS = {
    ("sim_identity", "sim_swap_fraud"): Topic(
        says="""
            [Someone|A stranger|A fraudster|Somebody] [walked off with|cloned|got a duplicate of|had a replacement made of] my SIM [{when}|at one of your shops] and [emptied my account|stole {amount}|received my bank codes]
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
    ("sim_identity", "sim_registration"): Topic(
        says="""
            [My|The] SIM [registration|verification|KYC] [fails|is rejected|has been pending] [{times}|{dur}|at every shop] [although I brought my passport|because the names differ|with "record not found"]
            [NIN linking|Linking my NIN|Video ident|The ident process] [hangs|was refused|does not complete] [{times}|{dur}|with error {n}]
            I [queued|stood in line] {n} hours [in|at] your [{town} shop|experience centre] to [register|verify|update] [the line|my details] and [was sent home|the system was down]
            The [name|date of birth|surname] in your [register|SIM record] [is false|belongs to someone else|is misspelt] and [nobody corrects it|each shop refuses to fix it]
            [Fingerprints|Biometrics|My selfie|My passport photo] [were captured|were taken] {times} and [the status stays "unverified"|your portal forgets them]
        """,
        notes="""
            [SIM registration|ident|KYC] [rejected|pending] {dur}
            NIN link [fails|refused], error {n}
            wrong [name|date of birth] on SIM record
        """,
        pidgin="""
            [I don link NIN|I don go do registration] {times}, [e still dey pending|una say e no match]
            I go una office for {town}, [queue na die|dem say system down], [still no registration|SIM never register]
        """,
    ),
    ("sim_identity", "sim_blocked"): Topic(
        says="""
            [My|Our|This] [line|number|SIM] [was barred|has been barred|got suspended|was deactivated] {when} [without notice|for no reason|although everything is paid]
            [You|{brand}] [locked|barred|suspended|cut off] my [number|SIM|line] {when}, [I depend on it|all my bank codes go there]
            [The phone|It] demands the PUK [and the one from your site is wrong|nobody can give me], [locked out {dur}|so the SIM is useless]
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
            [You|{brand}] [block|delay|reject] the [release|handing over] of the number [with excuses|claiming the name differs|{times} in a row]
        """,
        notes="""
            number [port|transfer] outstanding {n} [days|weeks]
            [PAC|porting code] [rejected|not sent]
            port-[in|out] [stuck|refused], name mismatch
        """,
        pidgin="""
            I wan [port|carry my number go], [una hold am|e don reach {n} days]
            [Porting never complete|Port dey pending] {since}, [my number just hang|I dey middle of road]
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
    ("porting_contract", "tariff_change"): Topic(
        says="""
            [You|{brand}] [moved|migrated|switched] me to [another plan|an expensive plan|a "new generation" tariff] [without asking|{when}|I never picked]
            [I ordered|My order was for] [an upgrade|a second SIM|the {gb} option] and [you booked something else|it was refused without a reason|it sits there {dur}]
            [Your system|The app|The shop] [will not let me|refuses to let me] [change plan|downgrade|add an option] [until {weekday}|before the year ends|]
            [The tariff|The plan] I [chose|signed for] [included|came with] {gb} and [now it has less|you cut it to {gb}]
            [My|The] [plan change|upgrade|downgrade] [requested {when}|ordered {when}] [was booked wrongly|never took effect|put me on the wrong tariff]
        """,
        notes="""
            [upgrade|order] [refused|booked wrongly] {when}
            [migrated|switched] to other tariff without [consent|order]
            plan change of {when} not [applied|booked]
        """,
        pidgin="""
            I wan [upgrade|change plan], [una system no gree|una give me different thing] {since}
            Una [change my plan|move my tariff] {pday} [without asking|by force], [return am|I no want am]
        """,
    ),
    ("porting_contract", "mis_selling"): Topic(
        says="""
            [The salesman|Your agent in {town}|The girl in the shop|A door-to-door rep] [promised|swore|told me] [{gb} for {amount}|a free tablet|no price rise ever|unlimited everything] and [the contract says otherwise|none of it was true]
            I [was talked into|was tricked into|signed] a [two-year contract|second line|insurance] [thinking it was a survey|I never wanted|on false promises] {when}
            [By telephone|In the shop] it was [free for {n} months|{amount}, nothing more|cancel anytime], [on paper|in the small print] [it is a 24 month trap|it costs {amount}]
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
    ("device_install", "router_equipment"): Topic(
        says="""
            [The|Your|My new] [router|hub|modem|wifi box] [is faulty|overheats|switches off by itself|makes a burning smell|hums loudly] [{dur}|{since}|]
            [The replacement|The second|My rented] [router|modem|hub] [has the same fault|does not power on|shows no lights|is a used one]
            [Wifi|The box] [does not reach the bedroom|has no working ports|forgets its password] and [you want {amount} for an extender|support only says reset]
            I [sent back|returned] the [old router|equipment|modem] {when} and [you bill {amount} for it|you claim it was never received]
            [The power supply|A cable|One port] of [your router|the hub] [is broken|smokes|came loose] {since}
            [After your update|Since the firmware update] the [router|hub] [reboots in a loop|lost its settings|is a brick]
        """,
        notes="""
            [faulty|defective] [router|modem|hub], replacement [requested|overdue]
            returned [router|equipment] not booked, billed {amount}
            [wifi range|ports] of [router|hub] insufficient
        """,
        pidgin="""
            The [router|MiFi|modem] wey una sell me [don spoil|dey hot like fire|no dey on light] {since}
            I buy [MiFi|router] {amount} {pday}, [e no fit last {n} days|e no dey on]
        """,
    ),
    ("device_install", "handset"): Topic(
        says="""
            The {device} [from your shop|on my contract|you sold me] [dies at 40 percent|has a dead screen|will not charge|restarts all day] after {n} [weeks|days]
            [Repair|Warranty] [of|on] my {device} [was refused|was denied|costs {amount} suddenly] [for "water damage"|although it is {n} weeks old|{when}]
            My {device} [has been|is] [in your workshop|with your repair partner] {dur} [and nobody can find it|with no loan phone|]
            [The repaired|The refurbished] {device} [came back scratched|came back with the same fault|was somebody else's phone]
            I [pay|have paid] [insurance of {amount}|for handset cover] and [the claim for my {device}|the cracked screen] [is rejected|drags on {dur}]
            [Speaker|Camera|Battery|Touch screen] of the [new|brand new] {device} [failed|gave up] {when}, [your shop sends me to the maker|exchange refused]
        """,
        notes="""
            {device} [repair|warranty] [declined|overdue {dur}]
            [faulty|defective] {device} bought [in shop|on contract]
            handset [insurance|cover] claim rejected, {device}
        """,
        pidgin="""
            The {device} wey una sell me [don spoil|battery dey die|screen just black] {since}, [una no gree change am|una say na my fault]
            I carry my {device} give una repair {pday}, [e never come out|dem return am worse]
        """,
    ),
    ("device_install", "delivery"): Topic(
        says="""
            [The|My] [parcel|{device}|SIM card|router] [I ordered {when}|from order {ref}] [never came|is lost|went to the wrong address|is stuck "in transit"]
            [The courier|Tracking|Your site] [says|claims] "delivered" {when} and [there is nothing here|nobody rang|the signature is not mine]
            [Delivery|Dispatch] of my {device} [was promised for {weekday}|was moved {times}|keeps being pushed back], [{dur} waiting|no phone so far]
            I [took delivery of|opened] [an empty box|the wrong model|a box with a brick] {when} instead of [the {device}|my router]
            [Paid {amount}|Money taken|Contract started], [no parcel|nothing shipped|order {ref} still "processing"] [{dur}|after {n} days]
            [A new|The replacement] SIM [was posted|should have been posted] {when}, [the letterbox stays empty|you posted it to my old address]
        """,
        notes="""
            order {ref} not [delivered|shipped], {n} days overdue
            [parcel|{device}] [lost|shown as delivered, not received]
            [SIM|router] sent to [wrong|old] address
        """,
        pidgin="""
            [Where my parcel|Where the phone wey I order], I don pay {amount} {pday}, [rider never show|una dey post me]
            [Una say una don deliver|Tracking say delivered], [I no see anything|who una give am]
        """,
    ),
    ("device_install", "installation"): Topic(
        says="""
            [The technician|Your engineer|The installer] [did not show up|never came|missed the appointment] [{times}|{when}|between 8 and 12], I [stayed home for nothing|waited all day|lost a day's pay]
            [The appointment|Our installation date] [was moved|was cancelled|has been postponed] {times} [by text|without asking|at short notice]
            [The engineer|The fitter] [hit a water pipe|left cables hanging|damaged the wall|ran the cable across the door] and [disappeared|left]
            [We|I] [ordered|signed for] fibre {when} and [nobody came to install it|the street box is still not connected|the line has not been laid]
            [{n} visits|Three engineers] [later|and counting], [the socket is still dead|the installation is not finished|each blames the one before]
        """,
        notes="""
            [missed|failed] [engineer|technician] [visit|appointment] {when}
            installation [postponed|incomplete], {n} visits
            damage to [wall|property] by [fitter|engineer]
        """,
        pidgin="""
            [Una technician dodge me|Engineer no show] {pday}, [I siddon wait whole day|I no go work because of am]
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
            [Na robot dey answer|Una hotline sleep], [I no see person to talk to|{n} minutes on hold]
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
    ("customer_service", "wrong_information"): Topic(
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
            [My|The] [ticket|case|complaint] {ref} [was closed|is marked "solved"|was shut] [while the fault persists|without a word to me|{times}]
            [Open|Pending] {dur}: [case|ticket|complaint] {ref}. [No answer|No decision|No update], [only "we are looking into it"|just silence]
            [You|Your complaints team] [promised|committed to] [an answer within {n} days|a reply by {weekday}|a solution], [that was {n} weeks ago|it passed long ago]
            Ticket {ref} [leads nowhere|has been bounced between departments|was merged into another one], [{n} weeks gone|no end]
            [Every|Each] time I [follow up|chase] {ref} I [start from zero|must explain everything again|get a new number]
        """,
        notes="""
            [repeat|{nth}] contact on [ticket|case] {ref}, [no progress|closed unsolved]
            [case|ticket] {ref} bounced between departments
            complaint {ref} open {dur} without [decision|answer]
        """,
        pidgin="""
            I don [report|complain] this matter {times}, [ticket {ref}|una give me {ref}], [una never do anything|still nothing]
            [Una close my complaint|Una say e don resolve], [nothing resolve|na lie], {ref}
        """,
    ),
    ("complaint_handling", "escalation"): Topic(
        says="""
            I [demand|want|insist on] [a manager|someone with authority|your head of complaints] [on the phone|] [today|by {weekday}|now], [ticket {ref}|not another agent]
            [Issue|Post] [the deadlock letter|your final position|a final response] [for {ref}|within {n} days], [the ombudsman wants it|my lawyer asks for it]
            [My next letter|The next step|This] lands at [Ofcom|the NCC|the Bundesnetzagentur|the FCC|small claims court|an ombudsman] [if nothing moves|with all {n} attachments|]
            I [have already|already] [filed|lodged] [a case with the regulator|a report with consumer protection|a court claim] {when} over {ref}
            [Eight weeks|{n} weeks] [are over|have passed], so [I am entitled to|I now ask for] [arbitration|an outside decision|the ombudsman]
            [Your supervisor|A team leader] [refuses to speak to me|is "in a meeting" {times}|never takes escalations], [I will not let go|so my solicitor will]
        """,
        notes="""
            [manager|supervisor] demanded, ref {ref}
            [deadlock letter|final response] requested for {ref}
            threatens [regulator|court|press], {nth} contact
        """,
        pidgin="""
            I wan talk to [una oga|una manager|person wey senior], [no be customer care|today today]
            I dey take una go [NCC|court|radio station|consumer protection], [una go hear from my lawyer|{ref} na evidence]
        """,
    ),
    ("privacy_security", "data_protection"): Topic(
        says="""
            [My|Our] [personal data|details|address|call list] [ended up|was found|appeared] [with a marketing firm|in somebody else's account|on the internet] [{when}|thanks to you|]
            [After login|Signed in], I [see|am shown] [another customer's|a stranger's] [invoices|name and address|calls]
            [You|{brand}] [shared|sold|passed on|leaked] my [number|data] [without consent|to debt collectors|to advertisers]
            I [asked|requested] [for a copy of|you to erase] [my data|everything stored about me] {when}, [the month is over|under the GDPR you had a month]
            [A letter|An e-mail] [with|containing] my [bank details|passport copy] [went to|was sent to] [the wrong person|my ex|a neighbour]
        """,
        notes="""
            [personal data|details] disclosed to [third party|other customer]
            [stranger's|wrong] data shown after login {when}
            [access|erasure] request of {when} unanswered
        """,
        pidgin="""
            [Who give|Una sell] my [number|details] [to loan people|give stranger], [una no get right|na offence be that]
            I open una app {pday}, [I dey see another person name|na another person bill e show me]
        """,
    ),
    ("privacy_security", "account_security"): Topic(
        says="""
            [Someone|An unknown person] [broke into|got into|accessed] my [online profile|self-care login] {when} and [set a new password|ordered a {device}|redirected the bills]
            I [got|received] [a mail|an alert] [about|that confirms] [a new address|an added device|a changed PIN] [nobody here requested|at {clock}] on my [profile|customer login]
            [Your hotline|An agent] [gave out|read out] my [PIN|customer password] to [a caller|whoever phoned] [without one check|{when}]
            [Two-factor codes|Login alerts] [from a foreign country|at {clock} at night] [keep coming|came {times}], [someone tries my password|who is trying to get in]
            [I am locked out of|I lost] my [customer profile|portal login] [after somebody guessed the security question|since a hacker was in it]
            [Orders|A contract|{n} SIMs] [appeared|were placed] in my [profile|portal] {when}, [none by me|a break-in, clearly]
        """,
        notes="""
            [portal|self-care] login [hacked|used by stranger] {when}
            PIN [changed|disclosed] without ID check
            unknown [order|device] in customer profile
        """,
        pidgin="""
            [Person don enter my profile|Dem hack my app] {pday}, [dem change my password|dem order {device}]
            I see alert say [person dey login|dem change my PIN] {times}, [no be me|secure am]
        """,
    ),
    ("other_review", "not_a_complaint"): Topic(
        says="""
            [I am so tired of you people|Worst company ever|What a joke of a company|You are the limit|Never again]
            [Something|A thing] [has to change|must change] [here|at {brand}], [that is all I say|enough]
            [Just|Simply] [disappointed|fed up|speechless], [{dur} a customer|and that after {n} years]
            [Your advert|The new advert|Your sponsoring|The mascot] [on TV |][is tasteless|annoys me|insults people from {town}]
            [Can somebody|Could someone] [ring|contact] me, [it is a long story|I would rather explain it in person|it is complicated]
            [Is there|Do you have|Will there be] [a shop|a student offer|a plan with {gb}|5G] [in {town}|for pensioners|this year]
            [Big thanks|Well done|Thumbs up] to [{brand}|the lady in {town}|your fitter], [sorted in {n} minutes|great help {when}|more like that]
            [Good luck|Merry Christmas|Congratulations] to [everybody at {brand}|all in {town}|the {town} team]
            [Selling|For sale]: {device}, {amount}, [hardly used|pick up in {town}|text me]
            [What time|When] does the [{town} shop|hotline] [open|close] on {weekday}
            [Anyone|Who else is] watching the [match|final] [in {town}|on {weekday}]
            [The shop in {town}|Your {town} branch] [has no ramp|has no parking|closes too early|is dirty]
            [Is|Are] [{brand}|your people] [serious|even awake|for real]
            [See attached|As discussed|Same as last time|You know what this is about], [please act|do something]
        """,
        notes="""
            general [dissatisfaction|displeasure], no [details|specifics] given
            [advertising|shop premises] criticised
            [general question|praise] about [opening hours|new offers|{town} shop]
            [wishes callback|wants a manager], reason not stated
        """,
        pidgin="""
            [Una no try at all|Una too dey fall hand|Una wicked o|God dey], [I don tire|na wa]
            [Well done|God bless una], [{brand} try for me|that una agent for {town} good well well] {pday}
            [How much be|Una get] {gb} [plan|offer] for [student|night], [I wan know|person tell me]
            [Make una do better|Una need deliverance|This company sef], [I no get power to talk|enough]
        """,
    ),
}
